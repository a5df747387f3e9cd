type Attributes = Readonly<Record<string, unknown>>;

interface Change {
  readonly address: string;
  readonly type: string;
  readonly change: {
    readonly actions: readonly string[];
    readonly after: Attributes | null;
    readonly importing?: { readonly id: string };
  };
}

/** The part of a plan that tells what is in a state, and what an apply would make. */
export interface PlanRead {
  readonly prior_state?: {
    readonly values?: {
      readonly root_module?: {
        readonly resources?: readonly {
          readonly type: string;
          readonly mode?: string;
          readonly values: Attributes;
        }[];
      };
    };
  };
  readonly resource_changes?: readonly Change[];
}
