import { badInput } from "../../common/input/index.ts";
import type { LoadedInstance } from "../../workspace/index.ts";
import { readIdentities, recipientOf } from "./age.ts";

/**
 * Whose an age identity is: an admin's login name, or `break-glass` for the envelope's.
 *
 * @throws BadInput when it is nobody's whom the instance file names.
 */
export async function whoseIdentity({ blueprint }: LoadedInstance, file: string): Promise<string> {
  const own = await Promise.all(readIdentities(file).map(recipientOf));
  const admin = blueprint.admins.find(({ age }) => age !== undefined && own.includes(age));
  if (admin !== undefined) return admin.user;
  if (blueprint.breakGlass !== undefined && own.includes(blueprint.breakGlass))
    return "break-glass";
  throw badInput(file, `belongs to no admin of ${blueprint.instance}: see admins: in its file`);
}
