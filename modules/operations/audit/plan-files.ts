import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Terraform, TerraformFailure } from "../../clouds/terraform/index.ts";
import { offlineEnvironment } from "../plan/index.ts";
import { writeLockFile } from "../working-folder/index.ts";

/** What Terraform shows of a plan file, or why it can't. */
export type Shown = { readonly plan: Record<string, unknown> } | { readonly failed: string };

/**
 * Terraform's own reading of plan files. To show one it needs the provider, and neither its document, nor its state, nor a
 * credential: one folder for each provider is enough for all plan files of an audit.
 */
export class PlanFiles {
  readonly #work: string;
  readonly #ready = new Map<string, Promise<Terraform>>();

  /** @param work folder that may be written to, and is removed by the caller */
  constructor(work: string) {
    this.#work = work;
  }

  /** @param required the provider's entry of a document's `required_providers`, made anew */
  async #prepare(provider: string, required: unknown): Promise<Terraform> {
    const folder = join(this.#work, "providers", provider);
    mkdirSync(folder, { recursive: true });
    const document = { terraform: { required_providers: required } };
    writeFileSync(join(folder, "cdk.tf.json"), JSON.stringify(document));
    writeLockFile(folder, provider);
    const engine = new Terraform({
      folder,
      env: offlineEnvironment(),
      progress: () => {},
      label: provider,
      timeoutMinutes: 5,
    });
    await engine.init();
    return engine;
  }

  /**
   * A function that has Terraform show a plan file: it starts at once, and never throws.
   *
   * @param provider the provider's folder in providers/
   * @param required the documents' `required_providers`, made anew
   */
  async reader(provider: string, required: unknown): Promise<(file: string) => Promise<Shown>> {
    const ready = this.#ready.get(provider) ?? this.#prepare(provider, required);
    this.#ready.set(provider, ready);
    const engine = await ready.catch(failure);
    return (file) =>
      "failed" in engine
        ? Promise.resolve(engine)
        : engine.show(file).then((plan) => ({ plan }), failure);
  }
}

/** A failure of Terraform's as an answer. @throws whatever else was thrown */
function failure(error: unknown): { readonly failed: string } {
  if (!(error instanceof TerraformFailure)) throw error;
  return { failed: error.message.split("\n")[0] ?? "no reason" };
}
