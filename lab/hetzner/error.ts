/**
 * HTTP status of each of the API's documented error codes that can come up here. Clients go by the
 * code; where the documentation that was at hand names no status, it is the nearest of HTTP's own.
 */
const STATUS = {
  unauthorized: 401,
  protected: 403,
  not_found: 404,
  conflict: 409,
  uniqueness_error: 409,
  resource_in_use: 409,
  server_already_attached: 409,
  server_already_added: 409,
  volume_already_attached: 409,
  primary_ip_already_assigned: 409,
  deprecated_api_endpoint: 410,
  invalid_input: 422,
  json_error: 400,
  private_net_only_server: 422,
  primary_ip_version_mismatch: 422,
  primary_ip_datacenter_mismatch: 422,
  server_not_stopped: 422,
  invalid_server_type: 422,
  ip_not_available: 422,
  no_subnet_available: 422,
  networks_overlap: 422,
  placement_error: 422,
  service_error: 422,
  locked: 423,
  rate_limit_exceeded: 429,
  server_error: 500,
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
