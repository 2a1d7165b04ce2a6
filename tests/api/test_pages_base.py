from __future__ import annotations

import re
from pathlib import Path
from uuid import uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy.orm import Session

from api.auth.authenticate import authenticate
from api.auth.policy import asks
from api.auth.principal import Scope
from api.deps import Call
from api.description import describe
from api.pages.base import formats, static_files
from api.pages.base.declaring import Pages, declared_pages
from api.pages.base.language import language_of
from api.pages.base.rendering import PAGE_POLICY, TEMPLATES, environment, read_templates
from api.pages.base.using import attempt, may_use, use
from api.pages.sign_in import own_path
from api.routes.books import list_books
from api.store.access import OrganisationKind
from api.translations import Language
from ledger.core.errors import Forbidden
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.people import Member, member

EVERY_MACRO = """
{% import "macros.html" as ui with context %}
{{ ui.icon("nothing") }}{{ ui.badge("<b>", "good") }}{{ ui.card("Label", "1 t", note="day", badge=ui.badge("x")) }}
{% call ui.panel("Title", note="n", id="p") %}x{% endcall %}
{% call ui.table("Caption", [{"label": "A"}, {"label": "B", "kind": "number", "unit": "t"}], sorts=true, filters=true) %}{% endcall %}
{{ ui.empty("Title", "Text", "/x", "Do") }}
{{ ui.field("a.b[0].c", "Label", unit="t", hint="h", kind="number") }}{{ ui.field("t", "Label", kind="textarea", required=true) }}
{{ ui.choice("side", "Side", [("buy", "Buy")], value="buy") }}{{ ui.check("is_final", "Final", checked=true) }}
{% call ui.form("POST /v1/x", "Send", then="/x/{id}", upload="file", fixed={"kind": "<b>"}) %}{% endcall %}
{{ ui.link("/x", "More") }}{{ ui.act("POST /v1/x", "Do", body={"reason": "x"}, kind="danger") }}
{{ ui.confirm("c", "Approve", "Approve?", "POST /v1/x", body={"sha256": "9f"}, differences=[("Quantity", "1", "2")], digest="9f") }}
{{ ui.pager("/x", "abc", false, "as_of=2026-01-01&") }}{{ ui.chart("gap", "/v1/x", "Gap", query="?as_of=2026-01-01") }}
{{ ui.tabs([("Terms", "/x", true)]) }}{{ ui.timeline([{"when": "1", "title": "t"}]) }}{{ ui.steps([("Draft", "done"), ("Review", "now")]) }}
{{ ui.facts([("Name", "Value")]) }}{{ ui.person({"7": "Li Na"}, "7") }}{{ ui.crumbs([("Orders", "/x")]) }}
{{ ui.months("2026-10", "2026-09", "2026-11") }}
{% call ui.question("Show", hidden={"year": "2025"}) %}{{ ui.field("a", "A", at="x") }}{% endcall %}
{% call ui.inquiry("POST /v1/x", "Ask", fixed={"kind": "x"}) %}{% call ui.row_box("Add") %}<div data-row></div>{% endcall %}{% endcall %}
{{ ui.drawn({"source": "data:image/svg+xml;base64,", "description": "d"}, "Title") }}
"""
BROWSER = {"Accept": "text/html,application/xhtml+xml"}
CHINESE = {**BROWSER, "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"}


def test_a_page_is_html_under_the_strict_policy_and_never_kept(client: Client) -> None:
    page = client.get("/", headers=BROWSER)

    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"] == PAGE_POLICY
    assert page.headers["cache-control"] == "no-store"
    assert "Example Aluminium" in page.text


def test_a_reader_who_is_not_signed_in_is_led_to_sign_in_and_back(app: FastAPI) -> None:
    with Client(app) as stranger:
        answer = stranger.get("/account?x=1", headers=BROWSER)

    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/account%3Fx%3D1"


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/books/7/lots?as_of=2026-01-01", "/books/7/lots?as_of=2026-01-01"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x", "/"),
        ("", "/"),
    ],
)
def test_sign_in_leads_only_to_a_path_of_this_site(wanted: str, led_to: str) -> None:
    assert own_path(wanted) == led_to


def test_the_sign_in_page_is_for_everyone(app: FastAPI) -> None:
    with Client(app) as stranger:
        page = stranger.get("/sign-in?next=//evil.example", headers=CHINESE)

    assert page.status_code == 200
    assert '<html lang="zh-CN"' in page.text
    assert "登录" in page.text
    assert "evil.example" not in page.text


def test_an_unknown_path_is_a_page_for_a_person_and_a_problem_for_a_program(app: FastAPI) -> None:
    with Client(app) as stranger:
        person, program = stranger.get("/nowhere", headers=CHINESE), stranger.get("/nowhere")
        of_the_api = stranger.get("/v1/nowhere", headers=BROWSER)

    assert person.status_code == program.status_code == of_the_api.status_code == 404
    assert "这里没有内容" in person.text
    assert program.json()["code"] == of_the_api.json()["code"] == "path.not_found"


def test_what_was_sent_is_never_repeated_as_markup(app: FastAPI) -> None:
    with Client(app) as stranger:
        page = stranger.get("/sign-in?next=%22%3E%3Cscript%3Ealert(1)%3C/script%3E", headers=BROWSER)

    assert "<script>alert" not in page.text


def test_an_unknown_parameter_of_a_page_is_a_page_that_says_so(client: Client) -> None:
    page = client.get("/?colour=red", headers=CHINESE)

    assert page.status_code == 422
    assert "地址中含有未知或重复的参数" in page.text


def test_a_failure_of_ours_is_a_page_with_its_number_only(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_now: object) -> None:
        raise RuntimeError("secret of the database")

    monkeypatch.setattr("api.pages.base.page.business_day", fails)
    page = client.get("/account", headers=BROWSER)

    assert page.status_code == 500
    assert re.search(r"<code>[0-9a-f]{16}</code>", page.text)
    assert "secret" not in page.text


def test_use_asks_the_policy_of_the_route_it_uses(database: Database, clock: Clock, randomness: Randomness) -> None:
    clerk = member(database, clock, randomness, OrganisationKind.LENDER, "Second Bank", (Scope.ADMIN,))
    with database.reader() as session:
        call = _call(session, database, clerk, clock, randomness)

        with pytest.raises(Forbidden, match="ledger:read"):
            use(call, list_books)
        assert not may_use(call, list_books)
        assert attempt(call, list_books).refusal is not None


def test_a_page_uses_route_functions_only(
    database: Database, clock: Clock, randomness: Randomness, borrower: Member
) -> None:
    with database.reader() as session:
        call = _call(session, database, borrower, clock, randomness)

        with pytest.raises(AssertionError, match="route functions only"):
            use(call, _call)


def test_the_navigation_shows_what_the_reader_may_open(client: Client) -> None:
    page = client.get("/", headers=BROWSER)

    assert re.search(r'<a href="/" aria-current="page">', page.text)


def test_every_page_is_a_read_outside_the_api_with_a_policy(database: Database) -> None:
    found = declared_pages()

    assert {each.declared.path for each in found} >= {"/", "/sign-in", "/account"}
    assert all(each.declared.method == "GET" and not each.declared.writes for each in found)
    assert not [each for each in found if each.declared.path.startswith("/v1")]


def test_a_page_cannot_stand_inside_the_api(database: Database) -> None:
    with pytest.raises(AssertionError, match="beside the API"):
        Pages(area="x").get("/v1/x", policy=asks())


def test_the_description_leaves_pages_out(client: Client) -> None:
    paths = set(client.get("/v1/openapi.json").json()["paths"])

    assert not paths & {each.declared.path for each in declared_pages()}
    assert "/static/{path}" not in paths


@pytest.mark.parametrize(
    ("cookie", "accepted", "language"),
    [
        ("zh", "en", Language.ZH),
        ("en", "zh", Language.EN),
        ("xx", "zh-CN", Language.ZH),
        (None, "zh-Hans-CN", Language.ZH),
        (None, "en-GB,en;q=0.9,zh;q=0.8", Language.EN),
        (None, "fr, zh;q=0.3, en;q=0.2", Language.ZH),
        (None, "zh;q=0", Language.EN),
        (None, "", Language.EN),
        (None, ";;;,q=1," * 500, Language.EN),
    ],
)
def test_the_language_is_the_cookies_else_the_best_accepted_else_english(
    cookie: str | None, accepted: str, language: Language
) -> None:
    assert language_of(cookie, accepted) is language


def test_a_cookie_chooses_language_and_colours(client: Client) -> None:
    page = client.get("/account", headers={**BROWSER, "Cookie": "tonne_language=zh; tonne_theme=dark"})

    assert '<html lang="zh-CN" data-theme="dark">' in page.text


def test_a_static_file_is_kept_for_ever_under_its_version_and_asked_again_without(app: FastAPI) -> None:
    address = static_files.address("tonne.css")
    with Client(app) as stranger:
        lasting, plain = stranger.get(address), stranger.get("/static/tonne.css")
        again = stranger.get("/static/tonne.css", headers={"If-None-Match": plain.headers["etag"]})

    assert "immutable" in lasting.headers["cache-control"]
    assert plain.headers["cache-control"] == "no-cache"
    assert lasting.content == plain.content
    assert lasting.headers["content-type"] == "text/css; charset=utf-8"
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path",
    ["../app.py", "%2e%2e/app.py", "built/../../app.py", "v-0123456789abcdef/../x.css", "x.py", "", "nothing.css"],
)
def test_only_the_static_files_are_served(app: FastAPI, path: str) -> None:
    with Client(app) as stranger:
        assert stranger.get(f"/static/{path}").status_code == 404


def test_no_template_holds_inline_script_or_style() -> None:
    found = [
        f"{path.relative_to(TEMPLATES)}: {match.group()[:40]}"
        for path in TEMPLATES.rglob("*.html")
        for match in re.finditer(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", path.read_text())
    ]

    assert not found


def test_every_macro_renders_with_what_its_description_asks_for() -> None:
    made = environment(Language.ZH).from_string(EVERY_MACRO).render(theme="dark", me=None, path="/x")

    assert "theme=dark" in made
    assert "&lt;b&gt;" in made
    assert "<b>" not in made
    assert 'data-fixed="{&#34;sha256&#34;: &#34;9f&#34;}"' in made


def test_no_static_file_names_another_site() -> None:
    found = [
        f"{path.name}: {match.group()}"
        for path in Path(static_files.STATIC).glob("*.*")
        for match in re.finditer(r"https?://[^\s\"']+", path.read_text(encoding="utf-8"))
        if match.group() != "http://www.w3.org/2000/svg"
    ]

    assert not found


def _call(session: Session, database: Database, who: Member, clock: Clock, randomness: Randomness) -> Call:
    found = authenticate(session, who.key, now=clock())
    assert found is not None
    return Call(
        session=session,
        database=database,
        now=clock(),
        new_id=uuid4,
        random_bytes=randomness,
        caller=found.principal,
    )


@pytest.mark.parametrize(
    ("value", "unit", "read"),
    [
        ("8.346341689696", "tCO2e/t", '<span title="8.346341689696">8.3463</span>'),
        ("8.34635", "tCO2e/t", '<span title="8.34635">8.3464</span>'),
        ("356685.08528", "tCO2e", '<span title="356,685.08528">356,685.09</span>'),
        ("0.5", "tCO2e", "0.50"),
        ("41198.1", "t", "41,198.10"),
        ("127222800.000000", "kWh", "127,222,800"),
        ("13315.332077349295", "kWh/t", '<span title="13,315.332077349295">13,315.3</span>'),
        ("-0.000", "tCO2e", "0.00"),
        ("-1.005", "tCO2e", '<span title="\N{MINUS SIGN}1.005">\N{MINUS SIGN}1.01</span>'),
        ("0.001", "tCO2e", '<span title="0.001">&lt;0.01</span>'),
        ("-0.0049", "tCO2e", '<span title="\N{MINUS SIGN}0.0049">&gt;\N{MINUS SIGN}0.01</span>'),
        ("0.4", "kWh", '<span title="0.4">&lt;1</span>'),
        (None, "tCO2e", "\N{EM DASH}"),
        ("97.123456789", "CNY/t", "97.123456789"),
        ("1/3", "tCO2e", "1/3"),
        ("9" * 70, "t", "9" * 70),
    ],
)
def test_a_figure_has_the_decimals_of_its_unit_and_its_exact_digits_beside_it(
    value: str | None, unit: str, read: str
) -> None:
    assert formats.figure(value, unit) == read


@pytest.mark.parametrize(
    ("value", "unit", "read"),
    [
        ("10000", "t", "10,000"),
        ("38471.850000", "t", "38,471.85"),
        ("0.000000", "tCO2e", "0.00"),
        ("8.163562", "tCO2e/t", "8.163562"),
        ("8.163561956664", "tCO2e/t", '<span title="8.163561956664">8.163562</span>'),
        ("0.5942", "kgCO2/kWh", "0.5942"),
        ("0.043653962694", "1", '<span title="0.043653962694">0.043654</span>'),
        ("1234.50", "CNY", "1,234.50"),
        ("5/6", "bp", "5/6"),
        ("isae_3410", "", "isae_3410"),
    ],
)
def test_the_tree_of_a_figure_keeps_the_digits_that_were_agreed(value: str, unit: str, read: str) -> None:
    assert formats.traced(value, unit) == read


@pytest.mark.parametrize(
    ("value", "place", "read"),
    [
        ("86048183/100", "processes[0].emissions_t", "860,481.83"),
        ("-1/8", "difference_t", "\N{MINUS SIGN}0.125"),
        ("1/3", "share", "1/3"),
        (2025, "year", "2025"),
        ("20260817", "trade.doc_ref", "20260817"),
        ("1250000", "max_amount_cny", "1,250,000"),
        (None, "refers_to", "\N{EM DASH}"),
        ("1/0", "intensity", "1/0"),
        ("9" * 40 + "/7", "intensity", "9" * 40 + "/7"),
        ("2026-08-20T02:01:54.213030+00:00", "from_at", "20 Aug 2026 10:01 UTC+8"),
        ("2026-13-01T00:00:00Z", "opens_at", "2026-13-01T00:00:00Z"),
        ("0001-01-01T00:00:00+23:59", "opens_at", "0001-01-01T00:00:00+23:59"),
    ],
)
def test_what_is_decided_on_reads_exactly_and_as_people_write_it(
    value: str | int | None, place: str, read: str
) -> None:
    assert formats.leaf(value, place) == read


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        ("0.0312", "3.12%"),
        ("3/100", "3%"),
        ("-1/8", "\N{MINUS SIGN}12.5%"),
        ("1/3", "1/3"),
        ("9" * 40 + "/7", "9" * 40 + "/7"),
        ("none", "none"),
        (None, "\N{EM DASH}"),
    ],
)
def test_a_share_is_shown_per_cent_where_no_digit_is_lost(share: str | None, shown: str) -> None:
    assert formats.percent(share) == shown


@pytest.mark.parametrize(
    ("instant", "shown"),
    [
        (None, ""),
        ("2026-12-31T16:00:00Z", "2027-01-01T00:00"),
        ("2026-05-05T16:00:30+00:00", "2026-05-06T00:00:30"),
        ("2026-05-05T16:00:00.250000+00:00", "2026-05-06T00:00:00.250"),
    ],
)
def test_a_field_of_day_and_time_shows_china_s_and_asks_for_it_as_exactly(instant: str | None, shown: str) -> None:
    page = environment(Language.EN).from_string(
        '{% import "macros.html" as ui with context %}{{ ui.moment("until_at", "Until", value=value) }}'
    )

    text = page.render(value=instant)

    assert f'type="datetime-local" value="{shown}"' in text
    assert 'data-zone="+08:00"' in text
    assert ("step=" in text) == (len(shown) > len("2026-12-31T16:00"))


def test_no_form_asks_for_an_instant_as_text(app: FastAPI) -> None:
    described = describe(app)["components"]["schemas"].values()
    instants = {"issued_at"} | {
        name
        for shape in described
        for name, field in shape.get("properties", {}).items()
        if "date-time" in {field.get("format"), *(each.get("format") for each in field.get("anyOf", ()))}
    }

    typed = [
        (path.name, name)
        for path in TEMPLATES.rglob("*.html")
        for name, rest in re.findall(r'ui\.field\("([^"]+)"([^}]*)', path.read_text(encoding="utf-8"))
        if name.rpartition(".")[2] in instants and 'kind="date"' not in rest
    ]

    assert {"until_at", "quiet_until", "dealt_at", "opens_at"} <= instants
    assert not typed, "an instant is asked for by ui.moment"


@pytest.mark.parametrize(
    ("language", "value", "unit", "read"),
    [
        (Language.EN, "2026-03-31", "date", "2026-03-31"),
        (Language.EN, "2025", "year", "2025"),
        (Language.EN, "0.05", "1", "0.05"),
        (Language.EN, "97400", "t", '97,400 <span class="unit">t</span>'),
        (Language.EN, "met", "", "met"),
        (Language.ZH, "met", "", "达成"),
        (Language.ZH, "not met", "", "未达成"),
        (Language.ZH, "2", "session", '2 <span class="unit">交易时段</span>'),
    ],
)
def test_what_an_explanation_counts_in_is_read_as_people_say_it(
    language: Language, value: str, unit: str, read: str
) -> None:
    page = '{% import "macros.html" as ui with context %}{{ ui.quantity(value, unit) }}'

    assert environment(language).from_string(page).render(value=value, unit=unit).strip() == read


def test_templates_read_beforehand_are_read_with_all_that_they_take_from_others() -> None:
    read_templates("overview")

    for language in Language:
        read = {name for _, name in environment(language).cache or ()}
        assert {"overview/treasury.html", "base.html", "macros.html", "emissions/parts.html"} <= read
