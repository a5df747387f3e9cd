import * as Enums from "@cyclonedx/cyclonedx-library/Enums";
import * as Models from "@cyclonedx/cyclonedx-library/Models";
import * as Serialize from "@cyclonedx/cyclonedx-library/Serialize";
import * as Spec from "@cyclonedx/cyclonedx-library/Spec";
import type { Evidence } from "./evidence.ts";
import { uuidOf } from "./uuid.ts";

const { Component, Bom, Property, HashDictionary, NamedLicense } = Models;
const { ComponentType, HashAlgorithm } = Enums;

/** CycloneDX 1.6 as JSON. */
function serialized(
  bom: InstanceType<typeof Bom>,
  { at, toolkit }: Evidence,
  name: string,
): string {
  bom.serialNumber = `urn:uuid:${uuidOf(`${name} ${at} ${toolkit.code}`)}`;
  bom.metadata.timestamp = new Date(at);
  bom.metadata.tools.components.add(
    new Component(ComponentType.Application, "polder", { version: toolkit.version }),
  );
  const serializer = new Serialize.JsonSerializer(
    new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6),
  );
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}

/** npm's own form of a package URL: the scope's @ is escaped, its slash isn't. */
const npmUrl = (name: string, version: string): string =>
  `pkg:npm/${name.replace(/^@/, "%40")}@${version}`;

/** What the toolkit itself consists of: npm's packages that run, with the digests of their archives. */
export function toolkitBom(evidence: Evidence): string {
  const bom = new Bom();
  bom.metadata.component = new Component(ComponentType.Application, "polder", {
    bomRef: "polder",
    version: evidence.toolkit.version,
  });
  for (const { name, version, licence, sha512, optional } of evidence.packages) {
    const purl = npmUrl(name, version);
    const component = new Component(ComponentType.Library, name, {
      bomRef: purl,
      version,
      purl,
      ...(optional && { scope: Enums.ComponentScope.Optional }),
    });
    if (sha512 !== undefined)
      component.hashes = new HashDictionary([[HashAlgorithm["SHA-512"], sha512]]);
    if (licence !== undefined) component.licenses.add(new NamedLicense(licence));
    bom.components.add(component);
    bom.metadata.component.dependencies.add(component.bomRef);
  }
  return serialized(bom, evidence, "toolkit");
}

/**
 * The packages that hosts take, each with the hosts that do. Debian's have no version here: the suite is pinned, and
 * security updates come daily; what is unpacked is pinned by its digest.
 */
export function hostsBom(evidence: Evidence): string {
  const { blueprint, hosts } = evidence;
  const bom = new Bom();
  bom.metadata.component = new Component(ComponentType.Platform, blueprint.instance, {
    bomRef: blueprint.instance,
    description: `hosts of ${blueprint.domain}, image ${blueprint.cloud.image}`,
  });
  const found = new Map<string, InstanceType<typeof Component>>();
  const take = (host: string, name: string, pinned?: { version: string; sha256: string }): void => {
    const url = `pkg:deb/debian/${encodeURIComponent(name)}`;
    const purl = pinned
      ? `pkg:deb/jitsi/${encodeURIComponent(name)}@${encodeURIComponent(pinned.version)}`
      : `${url}?distro=${blueprint.cloud.image}`;
    const component =
      found.get(purl) ??
      new Component(ComponentType.Library, name, {
        bomRef: purl,
        purl,
        ...(pinned && {
          version: pinned.version,
          hashes: new HashDictionary([[HashAlgorithm["SHA-256"], pinned.sha256]]),
        }),
      });
    component.properties.add(new Property("polder:host", host));
    found.set(purl, component);
  };
  for (const { host, packages, unpacked } of hosts) {
    for (const name of packages.install) take(host, name);
    for (const one of unpacked) take(host, one.name, one);
  }
  for (const component of found.values()) {
    bom.components.add(component);
    bom.metadata.component.dependencies.add(component.bomRef);
  }
  return serialized(bom, evidence, "hosts");
}
