"""``tonne provider``: adds, lists and ends OpenID providers on the server, where the operator may do alone what takes two elsewhere."""

from __future__ import annotations

import argparse
import os
import secrets
from typing import TextIO

from api.deps import ready_database, unit_of_work, utc_now, uuid7
from api.openid.providers import ProviderTerms, end_provider, propose_provider
from api.openid.settings import openid_settings
from api.settings import add_database_option, from_environment
from api.store import access, oidc
from api.store.access import OrganisationKind
from ledger.core.errors import Conflict, NotFound


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    actions = subparsers.add_parser("provider", help="OpenID providers with which people sign in").add_subparsers(
        required=True
    )
    add = actions.add_parser("add", help="add a provider and print its id and the address to register there")
    add_database_option(add)
    add.add_argument("--name", required=True, help="shown on the sign-in page")
    add.add_argument("--issuer", required=True, help="its issuer, an https address")
    add.add_argument("--client-id", required=True)
    add.add_argument(
        "--secret-name", required=True, help="CORP: the secret is in TONNE_OIDC_SECRET_CORP, or in a _FILE"
    )
    add.add_argument("--domain", required=True, action="append", help="a mail domain for which its word counts")
    add.add_argument("--accepts-mfa", action="store_true", help="its amr of mfa counts as the second factor")
    add.add_argument("--reason", default="added by the operator on the server")
    add.set_defaults(run=_add)
    listing = actions.add_parser("list", help="print every provider with its state")
    add_database_option(listing)
    listing.set_defaults(run=_list)
    end = actions.add_parser("end", help="end a provider at once")
    add_database_option(end)
    end.add_argument("--provider", required=True, help="its id")
    end.add_argument("--reason", default="ended by the operator on the server")
    end.set_defaults(run=_end)


def _add(arguments: argparse.Namespace, out: TextIO) -> int:
    now, settings = utc_now(), openid_settings(os.environ)
    terms = ProviderTerms(
        name=arguments.name,
        issuer=arguments.issuer,
        client_id=arguments.client_id,
        secret_name=arguments.secret_name,
        domains=tuple(arguments.domain),
        accepts_mfa=arguments.accepts_mfa,
        reason=arguments.reason,
    )
    with (
        ready_database(from_environment(os.environ, database_url=arguments.database).database_url) as database,
        unit_of_work(database) as session,
    ):
        operators = [each for each in access.list_organisations(session) if each.kind is OrganisationKind.OPERATOR]
        if not operators:
            raise Conflict(
                "oidc.no_operator", "this installation has no operator yet; make the first one with tonne serve"
            )
        provider = propose_provider(
            session,
            operators[0].organisation_id,
            terms,
            proposed_by=None,
            is_loopback_allowed=settings.is_loopback_allowed,
            now=now,
            new_id=lambda: uuid7(utc_now(), secrets.token_bytes),
        )
    out.write(f"{provider.provider_id}\n")
    shown = settings.public_url or "TONNE_PUBLIC_URL"
    out.write(f"register there: {shown}/sign-in/callback/{provider.provider_id}\n")
    return 0


def _list(arguments: argparse.Namespace, out: TextIO) -> int:
    with (
        ready_database(from_environment(os.environ, database_url=arguments.database).database_url) as database,
        database.reader() as session,
    ):
        out.writelines(
            f"{each.provider_id} {each.state:<7} {each.issuer} {','.join(each.domains)} {each.name}\n"
            for each in oidc.list_providers(session)
        )
    return 0


def _end(arguments: argparse.Namespace, out: TextIO) -> int:
    named = access.uuid_or_none(arguments.provider)
    with (
        ready_database(from_environment(os.environ, database_url=arguments.database).database_url) as database,
        unit_of_work(database) as session,
    ):
        provider = None if named is None else oidc.load_provider(session, named)
        if provider is None:
            raise NotFound("oidc_provider.not_found", "--provider: no provider has this id; see tonne provider list")
        end_provider(
            session,
            provider,
            reason=arguments.reason,
            ended_by=None,
            now=utc_now(),
            new_id=lambda: uuid7(utc_now(), secrets.token_bytes),
        )
    out.write(f"{provider.name} has ended\n")
    return 0
