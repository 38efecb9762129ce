"""Lists as the Compute API answers them: filtered, ordered, in pages."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from lab.compute.errors import ApiError, invalid
from lab.compute.links import last, project_link
from lab.compute.query import compile_filter
from lab.store import Object

PAGE = 500
Query = Mapping[str, str]
Pairs = Sequence[tuple[str, Object]]


def page(items: Sequence[Object], query: Query, *, ordered: bool = True) -> tuple[list[Object], str | None]:
    """One page of `items` as `filter`, `orderBy`, `maxResults` and `pageToken` ask, and the token of the next page.

    Rows that have no names keep their order (`ordered` false).
    """
    size, start = _size(query.get("maxResults")), _start(query.get("pageToken"))
    chosen: Sequence[Object] = items
    if text := query.get("filter", "").strip():
        chosen = list(filter(compile_filter(text), chosen))
    if ordered:
        chosen = _order(chosen, query.get("orderBy", ""))
    more = start + size < len(chosen)
    return list(chosen[start : start + size]), _token(start + size) if more else None


def scoped_page(items: Pairs, query: Query) -> tuple[list[tuple[str, Object]], str | None]:
    """The same for objects that carry their scope (`zones/Z`) along, in the order given."""
    size, start = _size(query.get("maxResults")), _start(query.get("pageToken"))
    chosen = items
    if text := query.get("filter", "").strip():
        test = compile_filter(text)
        chosen = [(scope, item) for scope, item in chosen if test(item)]
    more = start + size < len(chosen)
    return list(chosen[start : start + size]), _token(start + size) if more else None


def listing(project: str, path: str, kind: str, items: Sequence[Object], query: Query) -> Object:
    """The answer of a list method: `path` is the collection's path below the project, `kind` e.g. `networkList`."""
    found, token = page(items, query)
    answer: Object = {"kind": f"compute#{kind}", "id": f"projects/{project}/{path}"}
    if found:
        answer["items"] = found
    if token is not None:
        answer["nextPageToken"] = token
    return {**answer, "selfLink": project_link(project, path)}


def aggregated(
    project: str, collection: str, kind: str, items: Sequence[Object], scopes: Sequence[str], query: Query
) -> Object:
    """The answer of an aggregatedList method; `scopes` are all `zones/Z`, `regions/R` or `global` of the project."""
    pairs = sorted(((scope_of(item), item) for item in items), key=lambda pair: (pair[0], str(pair[1].get("name", ""))))
    found, token = scoped_page(pairs, query)
    lists: dict[str, Any] = {}
    for scope in scopes:
        here = [item for where, item in found if where == scope]
        lists[scope] = {collection: here} if here else {"warning": _empty(scope)}
    answer: Object = {"kind": f"compute#{kind}", "id": f"projects/{project}/aggregated/{collection}", "items": lists}
    if token is not None:
        answer["nextPageToken"] = token
    return {**answer, "selfLink": project_link(project, f"aggregated/{collection}")}


def scope_of(item: Object) -> str:
    """`zones/Z`, `regions/R` or `global`, wherever the object lives."""
    if "zone" in item:
        return f"zones/{last(item['zone'])}"
    if "region" in item:
        return f"regions/{last(item['region'])}"
    return "global"


def _empty(scope: str) -> Object:
    return {
        "code": "NO_RESULTS_ON_PAGE",
        "message": f"There are no results for scope '{scope}' on this page.",
        "data": [{"key": "scope", "value": scope}],
    }


def _size(text: str | None) -> int:
    if text is None:
        return PAGE
    if not text.isascii() or not text.isdigit() or int(text) > PAGE:
        raise invalid("maxResults", text, "It must be a number from 0 to 500.")
    return int(text) or PAGE


def _start(token: str | None) -> int:
    if not token:
        return 0
    try:
        word, _, offset = base64.urlsafe_b64decode(token.encode("ascii")).decode("ascii").partition(":")
        if word != "page" or not offset.isdigit():
            raise ValueError(word)
        return int(offset)
    except (ValueError, binascii.Error) as error:
        raise ApiError(400, "invalid", f"Invalid value for field 'pageToken': '{token}'.") from error


def _token(offset: int) -> str:
    return base64.urlsafe_b64encode(f"page:{offset}".encode()).decode()


def _order(items: Sequence[Object], text: str) -> list[Object]:
    words = text.split()
    if words not in ([], ["name"], ["name", "asc"], ["creationTimestamp", "desc"]):
        raise invalid("orderBy", text, "Only 'name' and 'creationTimestamp desc' are supported.")
    if words[:1] == ["creationTimestamp"]:
        return sorted(items, key=_created, reverse=True)
    return sorted(items, key=lambda item: str(item.get("name", "")))


def _created(item: Object) -> float:
    text = item.get("creationTimestamp") or item.get("insertTime")
    return datetime.fromisoformat(text).timestamp() if text else 0.0
