-- The handshake: a WebSocket opens only with a token whose room is the one in the address, and what the
-- token says stays with the session. Every other request to Prosody's HTTP server, whatever module
-- would answer it, gets one constant refusal. On auth.<domain>: no WebSockets, so that a guest can't
-- try passwords of bridges there.

local server = require "prosody.net.http.server"
local filters = require "prosody.util.filters"
local http = require "prosody.util.http"
local gate = module:depends("gate")

local kind = module:get_option_string("gate")
local xmlns_sasl = "urn:ietf:params:xml:ns:xmpp-sasl"

-- No stream without what its host asks for.
module:hook("stream-features", function (event)
	local session = event.origin
	local is_web = session.websocket_request ~= nil
	if kind == "domain" and session.gate or kind == "auth" and not is_web then return end
	gate.security({ action = "stream", result = "refused", why = "no token for this host" }, session)
	session:close({ condition = "not-authorized" })
	return true
end, 1000)

if kind ~= "domain" then return end

module:depends("http")

local limits = module:get_option("gate_limits")

-- Two rates. A signature costs time, so that one address may have so many looked at; with room for those who come with
-- good tokens while somebody behind the same address tries without one. And each link may be used so often from a network:
-- nobody else's handshakes, good or bad, take away from that.
local buckets = module:require "gate_buckets"
local may_be_verified = buckets.new(limits.signatures, limits.seconds)
local may_try = buckets.by_key(limits.handshakes, limits.seconds)

-- nginx on this host says who asks; nobody else reaches the port.
local function address_of(request)
	local forwarded = request.headers.x_forwarded_for
	return forwarded and forwarded:match("([^%s,]+)%s*$") or request.ip
end

-- The parameters of an address; nil when one that counts comes twice, or one comes that nobody asked for.
local function parameters(query)
	local found, from = {}, 1
	while from <= #query do
		local after = query:find("&", from, true) or #query + 1
		local equals = query:find("=", from, true)
		if after > from then
			if not equals or equals > after then return nil end
			local name, value = query:sub(from, equals - 1), query:sub(equals + 1, after - 1)
			if (name ~= "room" and name ~= "token") or found[name] then return nil end
			-- A room has one way to be written: by it nginx of each control host finds the shard. To look for a percent sign costs
			-- a tenth of reading a token, which never has one.
			found[name] = name == "token" and value:find("%", 1, true) and http.urldecode(value) or value
		end
		from = after + 1
	end
	return found
end

-- What the token of a request says; or nil, why, and for the log which room was tried, by whose token.
local function examine(request, address)
	if request.method ~= "GET" or request.path ~= "/xmpp-websocket" then return nil, "other path" end
	local asked = parameters(request.url.query or "")
	if not asked or not asked.room or not asked.token then return nil, "no room or token" end
	if not may_be_verified(address) then return nil, "too many tries", asked.room end
	local admitted, why, actor = gate.admit(asked.token)
	if not admitted then return nil, why, asked.room, actor end
	if not may_try(admitted.id .. " " .. buckets.network_of(address)) then
		return nil, "too many tries", asked.room, admitted.actor
	end
	if asked.room ~= admitted.room then return nil, "other room", asked.room, admitted.actor end
	local sockets, holders = gate.sessions_of(address, admitted.id)
	local headers = request.headers
	local is_xmpp = headers.sec_websocket_key and headers.upgrade
		and http.contains_token(headers.sec_websocket_protocol or "", "xmpp")
	-- Last what may put out somebody who is silent: only for who gets in.
	local refused = gate.is_shut(admitted.id, address) and "refused too often"
		or not is_xmpp and "no handshake"
		or sockets >= limits.sockets and not gate.has_socket(address) and "too many sockets"
		or holders >= limits.link and not gate.has_place(admitted.id, address) and "link used by too many"
	if refused then return nil, refused, admitted.room, admitted.actor end
	return admitted
end

module:wrap_object_event(server._events, false, function (handlers, event_name, data)
	local request = data and data.request
	if not request or request.gate_seen or event_name == "http-error" then return handlers(event_name, data) end
	request.gate_seen = true
	local address = address_of(request)
	local admitted, why, room, actor = examine(request, address)
	if admitted then
		admitted.address = address
		request.gate = admitted
		prosody.hosts[gate.names.conference].modules.gate_return.hand_out(admitted, request, data.response)
		return handlers(event_name, data)
	end
	gate.security { action = "handshake", result = "refused", why = why, address = address, actor = actor, room = room }
	local response = data.response
	response.status_code = 404
	-- Closed, too: a connection that is kept for nothing takes 20 kB, and a flood of refused ones as much memory as it likes.
	response.persistent = false
	response.headers = { content_type = "text/plain", connection = "close", date = response.headers.date }
	response:send("not found\n")
	return true
end)

-- Before anybody is logged in: SASL and binding. Afterwards: stanzas of jabber:client.
local stanzas = { iq = true, message = true, presence = true }
local function is_in_turn(session, stanza)
	local xmlns = stanza.attr.xmlns
	if session.type == "c2s" then
		return stanzas[stanza.name] and xmlns == nil
	elseif session.type == "c2s_unbound" then
		local child = stanza.tags[1]
		return stanza.name == "iq" and xmlns == nil and stanza.attr.type == "set" and #stanza.tags == 1
			and child.name == "bind" and child.attr.xmlns == "urn:ietf:params:xml:ns:xmpp-bind"
			and (stanza.attr.to == nil or stanza.attr.to == module.host)
	end
	return xmlns == xmlns_sasl and (stanza.name == "auth" or stanza.name == "response" or stanza.name == "abort")
end

-- One limit for a stanza in one frame, which is whole when Prosody counts it, and for one cut into several.
-- Jicofo's offers are long, and come another way; a guest's answer to one isn't.
module:hook("authentication-success", function (event)
	local session = event.session
	if not session.gate then return end
	session.stanza_size_limit = limits.stanza
	session.stream:set_stanza_size_limit(limits.stanza)
end, -1000)

module:hook_global("websocket-session", function (event)
	local session, admitted = event.session, event.request.gate
	-- Another host's WebSocket, if there ever is one, has no token and gets no stream.
	if not admitted then return end
	session.gate = admitted
	gate.register(session)
	gate.security({ action = "handshake", result = "admitted", key = admitted.key }, session)
	-- Bytes and tags since a stanza was whole: an element of four bytes takes 330 once it is read, and one without
	-- end stays.
	local bytes, tags, whole = 0, 0, true
	local function is_within(data)
		if whole then bytes, tags, whole = 0, 0, false end
		bytes = bytes + #data
		-- The first few are too short to count in.
		if bytes > limits.tags then tags = tags + select(2, data:gsub("<", "")) end
		return #data <= limits.stanza and tags <= limits.tags
	end
	-- After the frames are taken apart.
	filters.add_filter(session, "bytes/in", function (data)
		if is_within(data) then return data end
		gate.security({ action = "stream", result = "refused", why = "stanza too long" }, session)
		session:close({ condition = "policy-violation" })
	end, -1)
	filters.add_filter(session, "stanzas/in", function (stanza)
		whole = true
		if not is_in_turn(session, stanza) then
			gate.security({ action = "stream", result = "refused", why = "out of turn" }, session)
			session:close({ condition = "policy-violation" })
		end
		return stanza
	end, 1000)
end)
