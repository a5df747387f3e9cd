import { example } from "../../../lab/testing/examples.ts";
import { bothWays, type Planted } from "../testing.ts";
import { securityLogsTakeTwo } from "./security-logs-take-two.ts";

const keep = (p: Planted, name: string, age?: string) => {
  const [first] = p.blueprint.logKeepers;
  p.blueprint.logKeepers = [first, { name, age: age ?? first.age.replace(/.{6}$/, "qqqqqq") }];
  return "security logs";
};

bothWays(securityLogsTakeTwo, () => example(), [
  [
    "nobody named",
    (p) => {
      p.blueprint.logKeepers = [];
      return "security logs";
    },
    /any admin opens them alone: logKeepers names nobody/,
  ],
  [
    "an admin by name",
    (p) => keep(p, "noor  BAKKER"),
    /log keeper noor {2}BAKKER is admin noorbakker/,
  ],
  [
    "an admin by key",
    (p) => {
      p.blueprint.admins[0].age = p.blueprint.logKeepers[0].age;
      return keep(p, "Somebody Else");
    },
    /log keeper Mirjam de Graaf is admin samdevries/,
  ],
  [
    "the envelope's key",
    (p) => {
      p.blueprint.breakGlass = "age1envelope";
      return keep(p, "Somebody Else", "age1envelope");
    },
    /log keeper Somebody Else has the break-glass key/,
  ],
]);
