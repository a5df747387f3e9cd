import { z } from "zod";

/** The addresses file: what the cloud chose, recorded by `polder addresses`, an input from then on. */
export const addressesSchema = z.strictObject({
  instance: z.string(),
  cloud: z.enum(["openstack", "hetzner"]),
  location: z.string(),
  addresses: z.record(
    z.string(),
    z.strictObject({
      id: z.string().min(1),
      /** Where IPv4 and IPv6 are two objects of the cloud: that of IPv6. */
      ipv6Id: z.string().min(1).optional(),
      ipv4: z.ipv4(),
      ipv6: z.ipv6().optional(),
    }),
  ),
});

export type AddressesFile = Readonly<z.output<typeof addressesSchema>>;
