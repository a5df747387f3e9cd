// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is Terraform syntax, in plain strings
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { checkAgainstSchema, sensitiveAttributesSet } from "./index.ts";
import { type Document, FAULTS, schema, synthesiseExample } from "./testing.ts";

const outdir = mkdtempSync(join(tmpdir(), "polder-example-"));
afterAll(() => rmSync(outdir, { recursive: true, force: true }));
const text = synthesiseExample(outdir);
const fresh = (): Document => JSON.parse(text);

describe("checkAgainstSchema", () => {
  it("accepts what the real bindings synthesise", () => {
    expect(checkAgainstSchema(fresh(), schema)).toEqual([]);
  });

  for (const [name, fault] of Object.entries(FAULTS)) {
    it(`reports ${name}, and nothing else`, () => {
      const document = fresh();
      fault.plant(document);
      const { kind, address, path } = fault;
      expect(checkAgainstSchema(document, schema)).toEqual([
        { kind, address, path, message: expect.stringContaining(fault.says) },
      ]);
    });
  }

  it("accepts the other ways to write the same", () => {
    const document = fresh();
    const host = document.resource.openstack_compute_instance_v2.host;
    host.network = host.network[0];
    host.timeouts = [host.timeouts];
    host.count = 2;
    host.metadata = '${merge({}, { role = "control" })}';
    host.power_state = null;
    host.lifecycle.ignore_changes = "all";
    document.provider.openstack = document.provider.openstack[0];
    document.resource.openstack_blockstorage_volume_v3.state.size = "${1 + 1}";
    document.resource.openstack_networking_network_v2.net.name = "a-${local.x}-$${literal}";
    document.resource.openstack_networking_network_v2.net.mtu = "1${local.zero}";
    document.locals = { x: "${openstack_networking_network_v2.net.all_tags[0]}", zero: "0" };
    document.data = [document.data];
    expect(checkAgainstSchema(document, schema)).toEqual([]);
  });

  it("refuses a template that isn't one whole expression where a list is due", () => {
    const document = fresh();
    document.resource.openstack_networking_port_v2.port.security_group_ids = "${a}${b}";
    expect(checkAgainstSchema(document, schema)).toMatchObject([{ kind: "type" }]);
  });

  it("reports what isn't a document, a resource or a provider at all", () => {
    expect(checkAgainstSchema([], schema)).toMatchObject([{ kind: "type", address: "" }]);
    expect(checkAgainstSchema(null, schema)).toMatchObject([{ kind: "type", address: "" }]);
    const resource = { openstack_networking_network_v2: { net: "x" } };
    expect(checkAgainstSchema({ resource }, schema)).toMatchObject([
      { kind: "nesting", address: "openstack_networking_network_v2.net" },
    ]);
    expect(checkAgainstSchema({ provider: { openstak: {} } }, schema)).toMatchObject([
      { kind: "unknown-type", address: "provider.openstak" },
    ]);
  });

  it("knows a provider by its source, whatever its local name", () => {
    const required_providers = { os: { source: "terraform-provider-openstack/openstack" } };
    const document = { terraform: { required_providers }, provider: { os: [{ regoin: "x" }, {}] } };
    expect(checkAgainstSchema(document, schema)).toMatchObject([
      { kind: "unknown-name", address: "provider.os[0]", path: "regoin" },
    ]);
  });

  it("doesn't take another provider of the same name for ours", () => {
    const check = (source: string) =>
      checkAgainstSchema(
        {
          terraform: { required_providers: { openstack: { source } } },
          provider: { openstack: {} },
        },
        schema,
      ).map(({ kind }) => kind);
    expect(check("elsewhere/openstack")).toEqual(["unknown-type"]);
    expect(check("registry.terraform.io/terraform-provider-openstack/openstack")).toEqual([]);
  });

  it("shows the beginning of a long value", () => {
    const document = fresh();
    document.resource.openstack_blockstorage_volume_v3.state.size = "x".repeat(100);
    expect(checkAgainstSchema(document, schema)[0]?.message).toBe(
      `got the string "${"x".repeat(60)}…", allowed: number`,
    );
  });

  it("reports all problems, each at its place", () => {
    const document = fresh();
    const planted = ["a typo in an attribute", "a text for a boolean", "a dependency on nothing"];
    for (const name of planted) FAULTS[name]?.plant(document);
    expect(checkAgainstSchema(document, schema)).toHaveLength(3);
  });
});

describe("the committed schemas", () => {
  const allowed = (value: Document, forms: readonly string[]) =>
    forms.includes(value) ? [] : [JSON.stringify(value)];
  const types = (type: Document): string[] =>
    Array.isArray(type)
      ? [...allowed(type[0], ["list", "set", "map"]), ...types(type[1])]
      : allowed(type, ["string", "number", "bool"]);
  /** Forms of what can be written that checkAgainstSchema would pass over. */
  const unread = ({ attributes = {}, block_types = {} }: Document): string[] => [
    ...Object.values<Document>(attributes).flatMap((one) => {
      if (!one.optional && !one.required) return [];
      if (!one.nested_type) return types(one.type);
      return [
        ...allowed(one.nested_type.nesting_mode, ["single", "list", "set"]),
        ...unread(one.nested_type),
      ];
    }),
    ...Object.values<Document>(block_types).flatMap((one) => [
      ...allowed(one.nesting_mode, ["single", "list", "set"]),
      ...(one.min_items ? ["min_items"] : []),
      ...unread(one.block),
    ]),
  ];
  const blocks = (whole: Document): Document[] =>
    Object.values<Document>(whole.provider_schemas).flatMap((one) => [
      one.provider.block,
      ...[one.resource_schemas, one.data_source_schemas].flatMap((all) =>
        Object.values<Document>(all ?? {}).map(({ block }) => block),
      ),
    ]);

  it.each(["openstack", "hcloud"])("of %s have no form that isn't read", (name) => {
    const file = new URL(`../../../providers/${name}/schema.json`, import.meta.url);
    expect(blocks(JSON.parse(readFileSync(file, "utf8"))).flatMap(unread)).toEqual([]);
  });

  it.each<[string, Document]>([
    ["min_items", { block_types: { b: { nesting_mode: "list", min_items: 2, block: {} } } }],
    ['"map"', { block_types: { b: { nesting_mode: "map", block: {} } } }],
    ['"map"', { attributes: { n: { nested_type: { nesting_mode: "map" }, optional: true } } }],
    ['"object"', { attributes: { o: { type: ["object", {}], optional: true } } }],
    ['"tuple"', { attributes: { o: { type: ["list", ["tuple", []]], required: true } } }],
    ['"dynamic"', { attributes: { o: { type: "dynamic", optional: true } } }],
  ])("would be found with %s", (form, block) => expect(unread(block)).toContain(form));
});

describe("what this provider has no example of", () => {
  const check = (block: Document, value: unknown) =>
    checkAgainstSchema(
      { resource: { other_a: { it: value } } },
      { provider_schemas: { "x/y/other": { resource_schemas: { other_a: { block } } } } },
    ).map(({ kind, path }) => `${kind} ${path}`);

  it("an id that may be set", () => {
    const settable = { attributes: { id: { type: "string", optional: true } } };
    expect(check(settable, { id: "x" })).toEqual([]);
    const required = { attributes: { id: { type: "string", computed: true, required: true } } };
    expect(check(required, { id: "x" })).toEqual([]);
    const both = { attributes: { id: { type: "string", computed: true, optional: true } } };
    expect(check(both, { id: "x" })).toEqual(["read-only id"]);
    expect(check(both, { id: null })).toEqual([]);
  });

  it("attributes that hold attributes", () => {
    const attributes = { n: { type: "number", required: true } };
    const nested_type = { nesting_mode: "list", attributes };
    const block = { attributes: { nest: { nested_type, optional: true } } };
    expect(check(block, { nest: [{ n: 1 }] })).toEqual([]);
    expect(check(block, { nest: "${x}" })).toEqual([]);
    expect(check(block, { nest: [{ n: "x" }, {}] })).toEqual([
      "type nest[0].n",
      "missing nest[1].n",
    ]);
  });
});

describe("sensitiveAttributesSet", () => {
  it("is empty for a stack without secrets", () => {
    expect(sensitiveAttributesSet(fresh(), schema)).toEqual([]);
    expect(sensitiveAttributesSet("x", schema)).toEqual([]);
  });

  it("lists each secret's place, never its value", () => {
    const document = fresh();
    document.provider.openstack[0].password = "hunter2";
    document.provider.openstack[0].application_credential_secret = "hunter2";
    document.provider.openstack[0].token = null;
    document.resource.openstack_compute_instance_v2.host.admin_pass = "${var.pass}";
    const found = sensitiveAttributesSet(document, schema);
    expect(found).toEqual([
      { address: "openstack_compute_instance_v2.host", path: "admin_pass" },
      { address: "provider.openstack", path: "password" },
      { address: "provider.openstack", path: "application_credential_secret" },
    ]);
  });

  it("no message shows one", () => {
    const document = fresh();
    Object.assign(document.provider.openstack[0], { password: 271828, token: 271828 });
    document.resource.openstack_compute_instance_v2.host.admin_pass = "${cut271828";
    const problems = checkAgainstSchema(document, schema);
    expect(problems.map(({ message }) => message.split(",")[0])).toEqual([
      "got a string",
      "got a number",
      "got a number",
    ]);
    expect(JSON.stringify(problems)).not.toContain("271828");
  });

  it("looks into blocks and nested attributes", () => {
    const secret = { attributes: { s: { type: "string", optional: true, sensitive: true } } };
    const list = { nesting_mode: "list" };
    const block = {
      attributes: { nest: { nested_type: { ...list, ...secret }, optional: true } },
      block_types: { b: { ...list, block: { block_types: { c: { ...list, block: secret } } } } },
    } as Document;
    const found = sensitiveAttributesSet(
      {
        resource: {
          other_a: {
            it: {
              b: [{}, { c: { s: "x" } }],
              nest: [{ s: "x" }],
            },
          },
        },
      },
      { provider_schemas: { "x/y/other": { resource_schemas: { other_a: { block } } } } },
    );
    expect(found.map(({ path }) => path)).toEqual(["b[1].c.s", "nest[0].s"]);
  });
});

describe("properties", () => {
  /** Every object of a document's resources, which is where a fault can be planted. */
  const objectsIn = (value: Document): Document[] =>
    typeof value !== "object" || value === null
      ? []
      : [...(Array.isArray(value) ? [] : [value]), ...Object.values(value).flatMap(objectsIn)];
  const bodies = (document: Document): Document[] =>
    Object.values(document.resource).flatMap((named) => Object.values(named as object));

  it("any changed letter in any name is reported", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(), (which, key, letter) => {
        const document = fresh();
        const all = bodies(document);
        const body = all[which % all.length];
        const names = Object.keys(body).filter((name) => name !== "//");
        const name = names[key % names.length] ?? "";
        const at = letter % name.length;
        const typo = `${name.slice(0, at)}q${name.slice(at + 1)}`;
        body[typo] = body[name];
        delete body[name];
        return checkAgainstSchema(document, schema).some(
          ({ kind, path }) => kind === "unknown-name" && path === typo,
        );
      }),
    );
  });

  it("any value put anywhere is judged without a crash, and never by changing the document", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.jsonValue(), (which, key, value) => {
        const document = fresh();
        const all = objectsIn(document);
        const target = all[which % all.length];
        const names = Object.keys(target);
        if (names.length === 0) return;
        target[names[key % names.length] ?? ""] = value;
        const before = JSON.stringify(document);
        for (const { message } of checkAgainstSchema(document, schema)) {
          expect(message).not.toBe("");
        }
        sensitiveAttributesSet(document, schema);
        expect(JSON.stringify(document)).toBe(before);
      }),
    );
  });
});
