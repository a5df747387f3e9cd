import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { NetworkingNetworkV2 } from "@cdktf/provider-openstack/lib/networking-network-v2";
import { OpenstackProvider } from "@cdktf/provider-openstack/lib/provider";
import { LocalBackend, TerraformStack, Testing } from "cdktf";
import { describe, expect, it } from "vitest";
import { importFromCdktf } from "./generate.ts";
import { readProvider, readProviders } from "./provider.ts";

describe.each(readProviders())("the bindings of $name", (provider) => {
  const lib = join(provider.folder, "lib");

  it("are one folder for each type of types.yaml, and the provider", () => {
    const kebab = (type: string) => type.replaceAll("_", "-");
    const expected = [
      ...provider.resources.map((type) => kebab(type.replace(/^[a-z]+_/, ""))),
      ...provider.dataSources.map((type) => `data-${kebab(type)}`),
      "provider",
    ];
    expect(readdirSync(lib).sort()).toEqual(expected.sort());
    for (const name of expected) {
      expect(existsSync(join(lib, name, "index.js")), name).toBe(true);
      expect(existsSync(join(lib, name, "index.d.ts")), name).toBe(true);
    }
  });

  it("import cdktf, whichever package stands behind that name", () => {
    for (const name of readdirSync(lib)) {
      const js = readFileSync(join(lib, name, "index.js"), "utf8");
      expect(js, name).toContain('require("cdktf")');
      expect(js, name).not.toMatch(/(require\(|from )["']cdktn["']/);
    }
  });
});

describe("the bindings", () => {
  it("ask for the exact version, from no particular registry", () => {
    const provider = readProvider("openstack");
    const stack = new TerraformStack(Testing.app(), "stack");
    new LocalBackend(stack, { path: "stack.tfstate" });
    new OpenstackProvider(stack, "openstack", {});
    new NetworkingNetworkV2(stack, "net", { name: "net" });
    const json = JSON.parse(Testing.synth(stack));
    expect(json.terraform.required_providers).toEqual({
      openstack: { source: "terraform-provider-openstack/openstack", version: provider.version },
    });
    expect(json.provider).toEqual({ openstack: [{}] });
    expect(json.resource.openstack_networking_network_v2.net.name).toBe("net");
  });

  it("are of both providers together below 3 MB", () => {
    const bytes = readProviders().flatMap(({ folder }) =>
      readdirSync(join(folder, "lib"), { recursive: true, encoding: "utf8" })
        .map((name) => statSync(join(folder, "lib", name)))
        .map((file) => (file.isFile() ? file.size : 0)),
    );
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(3_000_000);
  });
});

it("importFromCdktf changes the import and its uses, not the words in a comment", () => {
  expect(
    importFromCdktf("import * as cdktn from 'cdktn';\n// run cdktn plan\nx = cdktn.Token.of(1);\n"),
  ).toBe("import * as cdktf from 'cdktf';\n// run cdktn plan\nx = cdktf.Token.of(1);\n");
});
