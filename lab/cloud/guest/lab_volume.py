"""Cinder's own fake driver, without the steps that would touch a device."""

from cinder.tests import fake_driver


class LabVolumeDriver(fake_driver.FakeLoggingVolumeDriver):
    def clone_image(self, context, volume, image_location, image_meta, image_service):
        # "Done": otherwise cinder would run qemu-img on a device that isn't there.
        return {}, True

    def extend_volume(self, volume, new_size):
        pass
