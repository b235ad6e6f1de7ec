(() => {
    const page = document.documentElement;
    const keep = (storage, name, value) => {
        try {
            const before = window[storage].getItem(name);
            if (value) window[storage].setItem(name, value);
            return before;
        } catch {
            return value;
        }
    };
    const knowZone = (zone) => {
        const cookie = `tz=${zone}`;
        const isKept = () => document.cookie.split('; ').includes(cookie);
        if (!isKept()) {
            const secure = location.protocol === 'https:' ? '; Secure' : '';
            document.cookie = `${cookie}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
        }
        const shown = page.dataset.zone;
        if (shown === zone) page.dataset.zoneKnown = '';
        if (shown === undefined || shown === zone) return;
        const address = new URL(location.href);
        const isTried = keep('sessionStorage', 'yaksok.tz', zone) === zone;
        if (isKept() && !isTried) {
            page.style.display = 'none';
            location.reload();
        } else if (!address.searchParams.has('tz')) {
            page.style.display = 'none';
            address.searchParams.set('tz', zone);
            location.replace(address);
        }
    };
    const zone = keep('localStorage', 'yaksok.tz') || Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (zone && /^[\w+/-]{1,64}$/.test(zone)) knowZone(zone);
    let isSent = false;
    addEventListener('submit', (event) => setTimeout(() => (isSent ||= !event.defaultPrevented)));
    addEventListener('pageshow', (event) => event.persisted && isSent && location.reload());
})();
