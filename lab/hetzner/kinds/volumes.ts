import { LOCATIONS } from "../catalogue.ts";
import { ApiError, invalid } from "../error.ts";
import type { StoredObject } from "../project.ts";
import { checkedLabels } from "../query.ts";
import { common, made, none, type Route, shownCommon } from "../route.ts";

/** GB, the API's own. */
const [LEAST, MOST] = [10, 10240];

const show = (volume: StoredObject) => ({
  ...shownCommon(volume),
  size: volume["size"],
  location: volume["location"],
  server: volume["server"],
  format: volume["format"],
  linux_device: `/dev/disk/by-id/scsi-0HC_Volume_${volume.id}`,
  status: Date.now() < volume.busyUntil && volume["fresh"] ? "creating" : "available",
});

function checkedSize(size: unknown, least: number): number {
  const value = Number(size);
  if (!Number.isInteger(value) || value < least || value > MOST)
    throw invalid("size", `${least} to ${MOST} GB are allowed`);
  return value;
}

function attach(volume: StoredObject, server: StoredObject): void {
  if (volume["server"] !== null)
    throw new ApiError("volume_already_attached", "the volume is attached already");
  if (volume["location"].name !== server["location"].name)
    throw invalid("server", "is at another location");
  volume["server"] = server.id;
}

export const volumes: readonly Route[] = [
  ...common("volumes", "volume", show),
  [
    "POST /volumes",
    ({ project, body }) => {
      project.refuseName("volumes", body.name);
      const server = body.server != null ? project.get("servers", body.server) : undefined;
      const location =
        server?.["location"] ??
        LOCATIONS.find(({ id, name }) => name === body.location || id === body.location);
      if (!location) throw invalid("location", "a location or a server is needed");
      const volume = project.add("volumes", {
        name: body.name,
        size: checkedSize(body.size, LEAST),
        location,
        server: null,
        format: body.format ?? null,
        fresh: true,
        protection: { delete: false },
        labels: checkedLabels(body.labels),
      });
      const action = project.act("create_volume", ["volume", volume]);
      if (server) attach(volume, server);
      return made({ volume: show(volume), action, next_actions: [] });
    },
  ],
  [
    "POST /volumes/:/actions/attach",
    ({ project, at: [id = ""], body }) => {
      const [volume, server] = [project.get("volumes", id), project.get("servers", body.server)];
      for (const one of [volume, server]) project.refuseBusy(one);
      attach(volume, server);
      volume["fresh"] = false;
      return made({ action: project.act("attach_volume", ["volume", volume], ["server", server]) });
    },
  ],
  [
    "POST /volumes/:/actions/detach",
    ({ project, at: [id = ""] }) => {
      const volume = project.get("volumes", id);
      project.refuseBusy(volume);
      if (volume["server"] === null) throw invalid("volume", "is not attached");
      volume["server"] = null;
      return made({ action: project.act("detach_volume", ["volume", volume]) });
    },
  ],
  [
    "POST /volumes/:/actions/resize",
    ({ project, at: [id = ""], body }) => {
      const volume = project.get("volumes", id);
      project.refuseBusy(volume);
      volume["size"] = checkedSize(body.size, volume["size"] + 1);
      return made({ action: project.act("resize_volume", ["volume", volume]) });
    },
  ],
  [
    "DELETE /volumes/:",
    ({ project, at: [id = ""] }) => {
      const volume = project.get("volumes", id);
      if (volume.protection["delete"])
        throw new ApiError("protected", "volume deletion is protected");
      if (volume["server"] !== null)
        throw new ApiError("service_error", `volume with ID '${id}' is still attached to a server`);
      project.refuseBusy(volume);
      project.remove("volumes", volume);
      return none();
    },
  ],
];
