"""The web app: pages, API and feeds behind one door."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from tracker.app import Tracker
from tracker.errors import ArchiveError, NotFound, QueryError, UsageError
from tracker.web import machines, pages, render, security
from tracker.web.render import problem


def make_app(tracker: Tracker) -> FastAPI:
    """The app over a wired tracker; a person's word about labels, and who wants no more mail, is all that it writes."""
    app = FastAPI(title="statement-tracker", version=tracker.version, docs_url=None, redoc_url=None)
    app.state.tracker = tracker
    app.state.pages = render.environment(tracker)
    for router in (pages.router, machines.router, machines.running, machines.feeds, security.router):
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=render.HERE / "static"), name="static")
    app.middleware("http")(security.door)
    for kind in (UsageError, ArchiveError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _refused)
    app.add_exception_handler(500, _fault)
    app.openapi()["components"]["schemas"] |= machines.SHAPES["schemas"]
    return app


async def _refused(request: Request, error: Exception) -> Response:
    match error:
        case ArchiveError():
            answer = problem(request, 503, f"{error}. What was kept is safe; try again in a moment.")
            answer.headers["retry-after"] = "15"
            return answer
        case RequestValidationError():
            return problem(request, 400, "; ".join(f"{wrong['loc'][-1]}: {wrong['msg']}" for wrong in error.errors()))
        case HTTPException():
            said = "There is nothing here." if error.status_code == 404 else error.detail
            return problem(request, error.status_code, said)
        case QueryError():
            return problem(request, 400, str(error), column=error.column)
    return problem(request, 404 if isinstance(error, NotFound) else 400, str(error))


async def _fault(request: Request, _error: Exception) -> Response:
    """The server logs the traceback; the reader gets none. It runs outside the door, so it sets the headers itself."""
    answer = problem(request, 500, "This page could not be made. The log says why.")
    answer.headers.update(security.HEADERS)
    return answer
