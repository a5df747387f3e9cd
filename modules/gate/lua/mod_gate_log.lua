-- Two streams of logs. Operations: Prosody's own lines, without names, tokens, rooms and addresses;
-- redacted in the sink, so that no module and no level gets past it. Security: one line of JSON for
-- each decision, by another syslog identifier and facility, where the monitor's store for security
-- takes it from.
module:set_global()

local format = require "prosody.util.format".format
local hashes = require "prosody.util.hashes"
local hex = require "prosody.util.hex"
local json = require "prosody.util.json"
local loggingmanager = require "prosody.core.loggingmanager"
local pposix = require "prosody.util.pposix"
local files = module:require "gate_files"
local name = module:require "gate_name"
local redact = module:require "gate_redact"

local folder = module:get_option_string("gate_folder")
local known = {}
for _, host in pairs(module:get_option("gate_hosts")) do known[host] = true end

-- Lines from before this module was loaded have gone out as they were: nobody can have connected yet.
loggingmanager.register_sink_type("syslog", function ()
	return function (source, level, message, ...)
		pposix.syslog_log(level, redact.source(source), redact.line(known, format, message, ...))
	end
end)
loggingmanager.reload_logging()

local key
local function load_key()
	local text = files.secret(folder .. "/pseudonym.key")
	key = text and hex.decode(text)
	if not key then module:log("error", "gate/pseudonym.key can't be read: rooms in the security log have no pseudonym") end
end
load_key()
module:hook_global("config-reloaded", load_key)

-- The same room has the same pseudonym, of 130 bits. It is made of the room's digest, which the issue log
-- has, too: who holds the key and that log finds the meeting, with either alone nobody does.
local function pseudonym(room)
	if not (room and key) then return nil end
	local digest = hashes.hmac_sha256(key, "polder pseudonym 1\0" .. hashes.sha256(room, true))
	return name.base32(digest):sub(1, 26)
end

-- One decision. event: action, result, and where known actor, address, room, role, why.
function security(event)
	event.room = pseudonym(event.room)
	event.at = os.date("!%Y-%m-%dT%H:%M:%SZ")
	pposix.syslog_open("polder-gate", "auth")
	pposix.syslog_log(event.result == "refused" and "warn" or "info", json.encode_ordered(event))
	pposix.syslog_open("prosody", "daemon")
end
