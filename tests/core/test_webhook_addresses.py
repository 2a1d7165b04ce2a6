from __future__ import annotations

import pytest

from api.notices.addresses import check_target, read_url
from ledger.core.errors import DomainError

PUBLIC = "93.184.215.14"

HOSTILE_URLS = [
    "", "x", "example.com", "//example.com", "http://example.com/", "ftp://example.com/", "file:///etc/passwd",
    "gopher://example.com/", "javascript:alert(1)", "data:text/plain,x", "https://", "https:///path", "https:example.com",
    "https://localhost/", "https://LOCALHOST/", "https://localhost./", "https://a.localhost/", "https://printer.local/",
    "https://db.internal/", "https://host.intranet/", "https://nas.lan/", "https://router.home/", "https://x.corp/",
    "https://x.localdomain/", "https://1.0.0.127.in-addr.arpa/", "https://x.onion/", "https://x.test/", "https://x.invalid/",
    "https://metadata/", "https://metadata.google.internal/", "https://server/", "https://127.0.0.1/", "https://127.1/",
    "https://127.0.1/", "https://127.255.255.254/", "https://0/", "https://0.0.0.0/", "https://0.0.0.1/",
    "https://2130706433/", "https://0x7f000001/", "https://0x7f.0.0.1/", "https://0x7f.1/", "https://017700000001/",
    "https://0177.0.0.1/", "https://0177.1/", "https://127.0.0.1./", "https://127.000.000.001/", "https://10.0.0.1/",
    "https://10.255.255.255/", "https://172.16.0.1/", "https://172.31.255.255/", "https://192.168.0.1/",
    "https://192.168.255.255/", "https://169.254.169.254/latest/meta-data/", "https://169.254.170.2/",
    "https://0xa9fea9fe/", "https://2852039166/", "https://169.254.43518/", "https://100.64.0.1/", "https://100.100.100.200/",
    "https://100.127.255.255/", "https://168.63.129.16/", "https://192.0.0.192/", "https://192.0.0.1/", "https://192.0.2.1/",
    "https://198.18.0.1/", "https://198.19.255.255/", "https://198.51.100.7/", "https://203.0.113.9/", "https://192.88.99.1/",
    "https://224.0.0.1/", "https://239.255.255.255/", "https://240.0.0.1/", "https://255.255.255.255/", "https://256.1.1.1/",
    "https://1.2.3.4.5/", "https://[::1]/", "https://[::]/", "https://[0:0:0:0:0:0:0:1]/", "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/", "https://[::ffff:10.0.0.1]/", "https://[::ffff:8.8.8.8]/", "https://[::127.0.0.1]/",
    "https://[::ffff:0:127.0.0.1]/", "https://[64:ff9b::7f00:1]/", "https://[64:ff9b::a9fe:a9fe]/",
    "https://[64:ff9b:1::1]/", "https://[2002:7f00:1::]/", "https://[2002:a9fe:a9fe::]/", "https://[2001::1]/",
    "https://[2001:0:7f00:1::]/", "https://[2001:db8::1]/", "https://[3fff::1]/", "https://[100::1]/", "https://[fc00::1]/",
    "https://[fd00:ec2::254]/", "https://[fdff::1]/", "https://[fe80::1]/", "https://[fe80::1%25eth0]/",
    "https://[fe80::1%eth0]/", "https://[fec0::1]/", "https://[ff02::1]/", "https://[::1", "https://::1/", "https://[]/",
    "https://[gggg::1]/", "https://user@example.com/", "https://user:secret@example.com/", "https://example.com@127.0.0.1/",
    "https://127.0.0.1@example.com/", "https://example.com:80@127.0.0.1/", "https://example.com\\@127.0.0.1/",
    "https:\\\\127.0.0.1/", "https://example.com/#fragment", "https://example.com#@127.0.0.1/", "https://example.com:0/",
    "https://example.com:65536/", "https://example.com:-1/", "https://example.com:port/", "https://example.com:99999999/",
    "https://exämple.com/", "https://例え.jp/", "https://\uff45\uff58ample.com/", "https://①②⑦.⓪.⓪.①/", "https://127。0。0。1/",
    "https://example.com\r\nHost: evil/", "https://example.com/\r\nX: y", "https://example.com/ a", "https://exa mple.com/",
    "https://example.com/\x00", "\thttps://example.com/", " https://example.com/", "https://example.com/\u202e",
    "https://-example.com/", "https://example-.com/", "https://exa_mple.com/", "https://.example.com/", "https://example..com/",
    "https://example.com./", "https://example.123/", "https://example.0x7f/", f"https://{'a' * 64}.com/",
    f"https://example.com/{'a' * 500}", "HTTPS://127.0.0.1/", "https://%31%32%37.0.0.1/", "https://127.0.0.1%00.example.com/",
]  # fmt: skip


@pytest.mark.parametrize("url", HOSTILE_URLS)
def test_a_hostile_address_is_refused_when_it_is_given(url: str) -> None:
    with pytest.raises(DomainError) as refused:
        read_url(url)

    assert refused.value.code in {"webhook.url", "webhook.address"}


def test_the_hostile_addresses_are_many_and_different() -> None:
    assert len(set(HOSTILE_URLS)) == len(HOSTILE_URLS) >= 100


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.0.0.8"],
        ["169.254.169.254"],
        ["100.100.100.200"],
        ["::1"],
        ["fd00:ec2::254"],
        ["fe80::1%eth0"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        [PUBLIC, "127.0.0.1"],
        ["127.0.0.1", PUBLIC],
        [PUBLIC, "::1"],
        ["nothing"],
        [],
    ],
)
def test_a_name_that_stands_for_an_inner_address_is_refused_at_each_send(addresses: list[str]) -> None:
    with pytest.raises(DomainError, match="url"):
        check_target("https://rebound.example.com/", lambda _host, _port: addresses)


def test_a_name_is_resolved_once_and_connected_to_the_address_that_was_checked() -> None:
    asked: list[tuple[str, int]] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return [PUBLIC] if len(asked) == 1 else ["127.0.0.1"]

    target = check_target("https://Hooks.Example.com:8443/a?b=c", resolve)

    assert asked == [("hooks.example.com", 8443)]
    assert (target.address, target.host, target.port, target.path) == (PUBLIC, "hooks.example.com", 8443, "/a?b=c")


@pytest.mark.parametrize(
    "url",
    ["https://example.com/", "https://a.b.example.co.uk/x", "https://8.8.8.8/", "https://[2606:4700:4700::1111]/x"],
)
def test_a_public_address_is_taken(url: str) -> None:
    assert check_target(url, lambda _host, _port: [PUBLIC]).scheme == "https"


def test_loopback_is_taken_only_where_a_rehearsal_says_so_and_only_loopback() -> None:
    assert check_target("http://127.0.0.1:8080/", lambda *_: [], is_loopback_allowed=True).port == 8080
    with pytest.raises(DomainError):
        check_target("http://example.com/", lambda *_: [PUBLIC], is_loopback_allowed=True)
    with pytest.raises(DomainError):
        check_target("http://localhost/", lambda *_: ["10.0.0.1"], is_loopback_allowed=True)
    with pytest.raises(DomainError):
        check_target("https://rebound.example.com/", lambda *_: ["127.0.0.1"], is_loopback_allowed=True)
