"""What gunicorn serves: one function a service."""

import os
import sys

# The services parse sys.argv, which would be gunicorn's own.
sys.argv = ["lab_wsgi", *os.environ.get("LAB_ARGUMENTS", "").split()]


def keystone():
    from keystone.server.wsgi import initialize_public_application

    return initialize_public_application()


def placement():
    from placement.wsgi import init_application

    return init_application()


def neutron():
    from neutron import server
    from neutron.server import api

    return server.boot_server(api.api_server)
