// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is Terraform syntax, in plain strings
import { NetworkingNetworkV2 } from "@cdktf/provider-openstack/lib/networking-network-v2";
import { Fn, TerraformStack, Testing, Token } from "cdktf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findTokens } from "./index.ts";

const stack = new TerraformStack(Testing.app(), "stack");
const network = new NetworkingNetworkV2(stack, "net", { name: "net" });
const base64 = (text: string) => Buffer.from(text).toString("base64");
const paths = (value: unknown) => findTokens(value).map((leak) => leak.path);

describe("findTokens finds what the real library leaves behind", () => {
  const cases: Record<string, unknown> = {
    "a string token": network.id,
    "a string token in a text": `server_name ${network.name};`,
    "an upper-cased one": network.name.toUpperCase(),
    "a lower-cased one": network.name.toLowerCase(),
    "a capitalised one": network.name.charAt(2).toUpperCase() + network.name.slice(3),
    "a slug of one": network.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-"),
    "a percent-encoded one": encodeURIComponent(network.id),
    "one in JSON": JSON.stringify({ id: network.id }),
    "one that was cut": `id=${network.id.slice(0, 8)}`,
    "one cut to three letters": network.id.slice(0, 3),
    "one in base64": base64(network.id),
    "one in base64, moved by a byte": base64(`x${network.id}`),
    "one in base64, moved by two bytes": base64(`xy${network.id}`),
    "one in base64 inside a text": `content: ${base64(`address: ${network.id}\n`)} # cloud-init`,
    "a number token": network.mtu,
    "a number token made by hand": Token.asNumber(network.id),
    "a number token in a text": `mtu ${network.mtu}`,
    "a number token in a URL": encodeURIComponent(`?mtu=${network.mtu}`),
    "twice a number token": network.mtu * 2,
    "half a number token": network.mtu / 2,
    "a number token without its sign": Math.abs(network.mtu),
    "a number token in few digits": network.mtu.toPrecision(3),
    "a number token in groups of three": network.mtu.toLocaleString("en-US"),
    "a number token written out": String(BigInt(network.mtu)),
    "no number any more": network.mtu - network.mtu * 1e300,
    "a list token": network.allTags,
    "a map token": Token.asStringMap(Fn.merge([{ id: network.id }])),
    "an unresolved function": Fn.join(",", network.allTags),
    "a boolean attribute": network.transparentVlan,
    "a token object": Token.asAny({ id: network.id }),
    "a list of objects": network.segments,
    "a construct": network,
    "a token in bytes": new TextEncoder().encode(`id=${network.id}`),
    "a token as a key": { [network.id]: 1 },
    "a token in a map": new Map([["id", network.id]]),
  };
  for (const [name, value] of Object.entries(cases)) {
    it(name, () => {
      expect(findTokens({ files: [{ value }] })).not.toEqual([]);
      expect(paths({ files: [{ value }] })[0]).toMatch(/^files\[0\]\.value/);
    });
  }

  it("gives the path of each, and the token that it got", () => {
    const tree = { hosts: [{ name: "control-1" }, { name: network.name, mtu: network.mtu }] };
    expect(paths(tree)).toEqual(["hosts[1].name", "hosts[1].mtu"]);
    expect(paths(network.id)).toEqual([""]);
    expect(findTokens({ x: network.transparentVlan })).toEqual([
      { path: "x", message: "got an unresolved token object: use a planned value" },
    ]);
    expect(findTokens([network])).toEqual([
      { path: "[0]", message: "got a construct, not a value of it: use a planned value" },
    ]);
    expect(findTokens("x ${TfToken[TOKEN.12]}")[0]?.message).toBe(
      'got the token "${TfToken[TOKEN.12]}": use a planned value',
    );
  });
});

describe("findTokens leaves alone", () => {
  const cases: Record<string, unknown> = {
    "plain values": { a: "text", b: 1, c: true, d: null, e: undefined, f: [1.5, -3, 0, 1e21] },
    "a reference that Terraform resolves": "${openstack_networking_network_v2.net.id}",
    "a shell variable": "path=${TMPDIR}/x ${T} $${",
    "an nginx variable": "return 301 https://$host$request_uri;",
    "identifiers that look like a power of ten": "1234e567-89ab-cdef-0123-4e289e289e28 9e300",
    "a digest": "sha256:1e289f4e400a6e500b7e600",
    "a long list of ports": Array.from({ length: 100 }, (_, at) => 10000 + at).join(","),
    "a large number": [Number.MAX_SAFE_INTEGER, 1e100, "1e+21"],
    "a number above a double's reach as text": "1.5e+199",
    "a key": base64("x".repeat(300)),
    "one value in two places": (() => {
      const shared = { x: 1 };
      return [shared, shared];
    })(),
    "a plain object with a node": { node: 1, x: { node: {} } },
    "an object of a class with a node": { x: Object.assign(new Date(0), { at: "node" }) },
    "a plain object with a resolver": { resolve: "192.0.2.53", x: { resolve: null } },
    "a cycle": (() => {
      const cycle: Record<string, unknown> = {};
      cycle["self"] = cycle;
      return cycle;
    })(),
  };
  for (const [name, value] of Object.entries(cases)) {
    it(name, () => expect(findTokens(value)).toEqual([]));
  }

  it("what synth resolved", () => {
    const resolved = JSON.parse(Testing.synth(stack));
    expect(findTokens(resolved)).toEqual([]);
  });
});

describe("properties", () => {
  const plain = fc
    .string({ unit: "grapheme-ascii" })
    .filter((text) => !/tftoken|\$\{$/i.test(text));

  it("a token is found wherever it stands, plain or in base64", () => {
    fc.assert(
      fc.property(plain, plain, fc.nat(), (before, after, id) => {
        const text = `${before}\${TfToken[TOKEN.${id}]}${after}`;
        return findTokens(text).length === 1 && findTokens(base64(text)).length === 1;
      }),
    );
  });

  it("no JSON value without a token is reported", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        // fast-check likes doubles at the end of their range, which are what is looked for.
        fc.pre(!/e\+[23]\d\d/i.test(text) && !/\$\{t?"/i.test(text));
        return findTokens(value).length === 0 && findTokens(base64(text)).length === 0;
      }),
    );
  });
});
