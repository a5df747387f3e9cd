"""PyPI's hcloud, by Hetzner: makes, lists, changes and deletes through an API. Exits with 1 at the first surprise."""

import os

from hcloud import APIException, Client
from hcloud.firewalls import FirewallRule
from hcloud.images import Image
from hcloud.locations import Location
from hcloud.networks import NetworkSubnet
from hcloud.server_types import ServerType
from hcloud.zones import ZoneRecord

client = Client(
    token=os.environ["HCLOUD_TOKEN"],
    api_endpoint=os.environ["HCLOUD_ENDPOINT"],
    poll_interval=0.1,
)


def refused(code, call):
    try:
        call()
    except APIException as error:
        assert error.code == code, f"{error.code} instead of {code}"
        return
    raise AssertionError(f"not refused, {code} was expected")


labels = {"client": "python"}
assert client.server_types.get_by_name("ccx13").cores == 2
assert client.locations.get_by_name("fsn1").network_zone == "eu-central"

network = client.networks.create(
    name="py-net",
    ip_range="10.9.0.0/16",
    subnets=[NetworkSubnet(type="cloud", ip_range="10.9.1.0/24", network_zone="eu-central")],
    labels=labels,
)
firewall = client.firewalls.create(
    name="py-fw",
    labels=labels,
    rules=[FirewallRule(direction="in", protocol="tcp", port="443", source_ips=["0.0.0.0/0", "::/0"])],
).firewall
group = client.placement_groups.create(name="py-pg", type="spread").placement_group
address = client.primary_ips.create(
    type="ipv4", name="py-ip", location=Location(name="fsn1"), auto_delete=False
).primary_ip

made = client.servers.create(
    name="py-server",
    server_type=ServerType(name="ccx13"),
    image=Image(name="debian-13"),
    location=Location(name="fsn1"),
    firewalls=[firewall],
    placement_group=group,
    networks=[network],
    labels=labels,
)
server = made.server
refused("locked", server.power_off)
made.action.wait_until_finished(max_retries=100)
for action in made.next_actions:
    action.wait_until_finished(max_retries=100)
server.reload()
assert server.status == "running"
assert server.private_net[0].ip.startswith("10.9.1.")
assert server.public_net.ipv4.ip

# Changed, and found by what it is labelled with.
server.update(name="py-renamed", labels={**labels, "stage": "two"})
assert [s.name for s in client.servers.get_all(label_selector="stage in (one, two)")] == ["py-renamed"]
assert client.servers.get_all(label_selector="!client") == []
server.power_off().wait_until_finished(max_retries=100)
server.change_type(ServerType(name="ccx23"), upgrade_disk=False).wait_until_finished(max_retries=100)
server.reload()
assert server.server_type.name == "ccx23" and server.primary_disk_size == 80

volume = client.volumes.create(size=10, name="py-vol", location=Location(name="fsn1"))
volume.action.wait_until_finished(max_retries=100)
volume.volume.attach(server).wait_until_finished(max_retries=100)
volume.volume.resize(12).wait_until_finished(max_retries=100)
volume.volume.change_protection(delete=True).wait_until_finished(max_retries=100)
refused("protected", volume.volume.delete)
refused("uniqueness_error", lambda: client.volumes.create(size=10, name="py-vol", location=Location(name="fsn1")))

zone = client.zones.create(name="python.example", mode="primary", ttl=3600)
zone.action.wait_until_finished(max_retries=100)
rrset = zone.zone.create_rrset(name="www", type="A", records=[ZoneRecord(value="192.0.2.7")])
rrset.action.wait_until_finished(max_retries=100)
assert [r.value for r in zone.zone.get_rrset("www", "A").records] == ["192.0.2.7"]

# Sixty of them are three pages of the client's own fifty at most.
for number in range(60):
    client.firewalls.create(name=f"py-many-{number}", labels={"many": "1"})
many = client.firewalls.get_all(label_selector="many")
assert len(many) == 60

# And away with all of it.
for one in many:
    client.firewalls.delete(one)
volume.volume.change_protection(delete=False).wait_until_finished(max_retries=100)
volume.volume.detach().wait_until_finished(max_retries=100)
volume.volume.delete()
refused("resource_in_use", lambda: client.firewalls.delete(firewall))
server.delete().wait_until_finished(max_retries=100)
client.firewalls.delete(firewall)
client.placement_groups.delete(group)
client.primary_ips.delete(address)
client.networks.delete(network)
zone.zone.delete().action.wait_until_finished(max_retries=100)
for kind in (client.servers, client.volumes, client.networks, client.firewalls, client.primary_ips, client.zones):
    assert kind.get_all() == [], kind
print("all done")
