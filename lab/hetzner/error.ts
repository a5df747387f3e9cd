/** HTTP status of each of the API's documented error codes that can come up here. */
const STATUS = {
  // https://docs.hetzner.cloud/reference/cloud#description/errors, read in a copy of it, 2026-11-25.
  json_error: 400,
  unauthorized: 401,
  not_found: 404,
  conflict: 409,
  uniqueness_error: 409,
  deprecated_api_endpoint: 410,
  invalid_input: 422,
  service_error: 422,
  locked: 423,
  protected: 423,
  rate_limit_exceeded: 429,
  server_error: 500,
  // The same page, "Operation specific errors" of each operation.
  firewall_resource_not_found: 404,
  incorrect_zone_mode: 422,
  ip_not_available: 422,
  must_be_unassigned: 422,
  networks_overlap: 422,
  no_subnet_available: 422,
  primary_ip_already_assigned: 422,
  private_net_only_server: 422,
  resource_in_use: 422,
  server_already_added: 422,
  server_already_attached: 422,
  server_has_ipv4: 422,
  server_has_ipv6: 422,
  server_not_stopped: 422,
  // That page and hcloud-go's error.go have the code, neither the status: it is that of the others.
  invalid_server_type: 422,
  placement_error: 422,
  primary_ip_assigned: 422,
  primary_ip_datacenter_mismatch: 422,
  primary_ip_version_mismatch: 422,
  volume_already_attached: 422,
} as const;

export type ErrorCode = keyof typeof STATUS;

/** An answer that refuses, in the API's own form. */
export class ApiError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly details: unknown;

  constructor(code: ErrorCode, message: string, details: unknown = null) {
    super(message);
    this.code = code;
    this.status = STATUS[code];
    this.details = details;
  }
}

export const invalid = (field: string, message: string): ApiError =>
  new ApiError("invalid_input", `invalid input in field '${field}'`, {
    fields: [{ name: field, messages: [message] }],
  });
