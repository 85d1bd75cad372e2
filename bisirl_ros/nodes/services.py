"""What a person may ask of the running node."""

from __future__ import annotations

from typing import Any

from std_srvs.srv import SetBool, Trigger

from bisirl_ros.control.faults import Fault
from bisirl_ros.errors import InputError
from bisirl_ros.nodes.endpoints import Endpoints
from bisirl_ros.nodes.learner_link import LearnerLink
from bisirl_ros.session.session import Session


class Services:
    """`~/enable ~/freeze_learning` (SetBool), `~/stop ~/resume ~/reset ~/save_model` (Trigger)."""

    def __init__(self, endpoints: Endpoints, session: Session, learner: LearnerLink) -> None:
        self._session, self._learner = session, learner
        for name, switch in (("enable", self._enable), ("freeze_learning", self._freeze)):
            endpoints.service(SetBool, f"~/{name}", switch)
        for name, trigger in (
            ("stop", self._stop),
            ("resume", self._resume),
            ("reset", self._reset),
            ("save_model", self._save),
        ):
            endpoints.service(Trigger, f"~/{name}", trigger)

    def _enable(self, request: Any, response: Any) -> Any:
        self._session.enabled = bool(request.data)
        return _answered(response, "driving" if request.data else "stopped")

    def _freeze(self, request: Any, response: Any) -> Any:
        self._learner.frozen = bool(request.data)
        return _answered(response, "not learning" if request.data else "learning")

    def _stop(self, _: Any, response: Any) -> Any:
        self._session.driver.guard.latch(Fault.STOP_ASKED)
        return _answered(response, "stopping; ~/resume lets it go on")

    def _resume(self, _: Any, response: Any) -> Any:
        why_not = self._session.driver.guard.resume()
        return _answered(response, why_not or "going on", not why_not)

    def _reset(self, _: Any, response: Any) -> Any:
        self._session.finish(keep=False)
        self._learner.restart()
        return _answered(response, "what was learned is forgotten; the policy stays until the next")

    def _save(self, _: Any, response: Any) -> Any:
        try:
            return _answered(response, self._learner.save())
        except InputError as error:
            return _answered(response, str(error), False)


def _answered(response: Any, message: str, success: bool = True) -> Any:
    response.success, response.message = success, message
    return response
