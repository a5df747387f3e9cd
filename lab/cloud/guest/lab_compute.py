"""Nova's own fake driver, made fit for a restart."""

from nova.compute import power_state
from nova.virt import fake, hardware


class LabDriver(fake.FakeDriverWithoutFakeNodes):
    """Keeps the identity of its node on disk (its base does) and believes in forgotten guests.

    The fake driver holds its guests in memory. After a restart nova asks about guests that the
    driver never saw: they are in the state that nova remembers.
    """

    def _remember(self, instance):
        if instance.uuid not in self.instances:
            state = instance.power_state or power_state.RUNNING
            self.instances[instance.uuid] = fake.FakeInstance(instance.name, state, instance.uuid)

    def get_info(self, instance, use_cache=True):
        self._remember(instance)
        return hardware.InstanceInfo(state=self.instances[instance.uuid].state)

    def power_on(self, context, instance, *args, **kwargs):
        self._remember(instance)
        return super().power_on(context, instance, *args, **kwargs)

    def power_off(self, instance, *args, **kwargs):
        self._remember(instance)
        return super().power_off(instance, *args, **kwargs)
