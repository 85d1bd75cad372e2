"""bisirl_node: steady control beside a learner that it never waits for; a lifecycle node."""

from __future__ import annotations

from pathlib import Path

from rclpy.lifecycle import LifecycleNodeMixin, LifecycleState, TransitionCallbackReturn

from bisirl_ros.core.one_core import stay_on_one_core
from bisirl_ros.errors import InputError
from bisirl_ros.learner.beginning import initial_belief
from bisirl_ros.learner.device import resolve_device
from bisirl_ros.nodes.interaction import AskedFor, Interaction
from bisirl_ros.nodes.live_settings import LiveSettings
from bisirl_ros.nodes.parameters import declare
from bisirl_ros.nodes.ros import BisirlNode
from bisirl_ros.nodes.tf_listener import tf_listener
from bisirl_ros.parameters.interaction import BisirlParameters

LIVE = ("gate.", "guard.", "fallback.", "human_timeout_s", "odom_timeout_s")
"""How the names of parameters begin that may change while the node runs."""
DONE, REFUSED = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE


class InteractionNode(LifecycleNodeMixin, BisirlNode):
    """Configured it listens; active it drives and learns.

    Zero velocity is commanded, by a ramp, on the way out of active, whichever it is. With the
    parameter autostart it configures and activates itself; else a lifecycle manager does.
    """

    def __init__(self) -> None:
        BisirlNode.__init__(self, "bisirl_node")
        LifecycleNodeMixin.__init__(self)
        stay_on_one_core()
        p = declare(self, BisirlParameters, live=LIVE)
        self._scenario = p.load()
        if len(p.grid) != 2:
            raise InputError(f"bisirl_node: parameter grid: give rings and spokes, got {p.grid}")
        resolve_device(p.device)
        if p.checkpoint and not Path(p.checkpoint).is_file():
            raise InputError(f"bisirl_node: parameter checkpoint: no file {p.checkpoint}")
        initial_belief(p.initial_reward, self._scenario)
        self._frames = tf_listener(self, p.global_frame)
        self._running: Interaction | None = None
        self._kept: AskedFor | None = None
        self._live = LiveSettings(self, p, LIVE, self._reconfigure)

    def _reconfigure(self, parameters: BisirlParameters) -> None:
        if self._running is not None:
            self._running.session.reconfigure(parameters.session())

    def begin(self) -> None:
        """Configure and activate, unless a manager is to."""
        if self._live.now.autostart:
            self.trigger_configure()
            if self.failure is None:
                self.trigger_activate()

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Start the learner, open the topics."""
        try:
            self._running = Interaction(self, self._live.now, self._scenario, self._frames)
        except Exception as error:
            told = error if isinstance(error, InputError) else InputError(f"bisirl_node: {error}")
            if self._live.now.autostart:
                self.failure = told
            self.get_logger().error(str(told))
            return REFUSED
        self._running.take_over(self._kept)
        self.get_logger().info(f"transforms: {self._frames.how}")
        return DONE

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Drive."""
        assert self._running is not None
        self._running.activate()
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Ramp to rest."""
        assert self._running is not None
        self._running.deactivate()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """End the learner, close the topics."""
        self._end()
        return DONE

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Ramp to rest, end the learner; the process goes on to its end."""
        self._end()
        self.finished = True
        return DONE

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Ramp to rest, and begin anew unconfigured."""
        self.get_logger().error("a transition failed: stopping, unconfigured")
        self._end()
        return DONE

    def on_stop(self) -> None:
        """Ramp to rest, then let the learner go."""
        self._end()

    def _end(self) -> None:
        running, self._running = self._running, None
        if running is None:
            return
        running.deactivate()
        self._kept = running.asked_for
        running.close()


NODE = InteractionNode
