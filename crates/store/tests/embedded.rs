use store::embedded::Cluster;
#[tokio::test]
async fn probe() {
    let t = std::time::Instant::now();
    let d = tempfile::tempdir().unwrap();
    let c = Cluster::start(&d.path().join("data")).await.unwrap();
    println!("started {:?}", t.elapsed());
    for i in 0..10 {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let r = store::Store::migrate(&c.owner_url(), &c.application_url()).await;
        println!("{i} {:?} {:?}", t.elapsed(), r);
        println!("{}", std::fs::read_to_string(d.path().join("data/postgres.log")).unwrap());
    }
    c.stop().await;
    println!("stopped {:?}", t.elapsed());
}
