/** What a review and an approval say of a plan that ends an instance. */
export const ENDS =
  "this plan ends the instance: all of it is destroyed. The policy, which exists to prevent that, isn't evaluated";
