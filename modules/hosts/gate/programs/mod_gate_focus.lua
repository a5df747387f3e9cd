-- Hands a conference request to whoever is logged in as Jicofo, and the answer back to who asked. Jicofo never learns
-- the address of who asked. In the place of Jitsi's client_proxy, which needs presence and a roster for that.

local st = require "prosody.util.stanza"
local random_id = require "prosody.util.id".medium
local add_task = require "prosody.util.timer".add_task
local gate = module:depends("gate")

-- Requests that wait for an answer; Jicofo has ten seconds for it.
local pending, count, most, patience = {}, 0, 1000, 10

local function forget(id)
	if pending[id] then
		pending[id], count = nil, count - 1
	end
end

local function focus_session()
	local user = prosody.bare_sessions[gate.focus_jid()]
	local _, session = next(user and user.sessions or {})
	return session
end

module:hook("iq-set/host/http://jitsi.org/protocol/focus:conference", function (event)
	local focus = focus_session()
	if not focus or count >= most then return end
	local id = random_id()
	pending[id], count = event.stanza, count + 1
	add_task(patience, function () forget(id) end)
	local request = st.clone(event.stanza)
	request.attr.from, request.attr.to, request.attr.id = module.host .. "/" .. id, focus.full_jid, id
	focus.send(request)
	return true
end)

module:hook("iq/host", function (event)
	local answer = event.stanza
	local asked = pending[answer.attr.id or ""]
	if not asked or answer.attr.to ~= module.host .. "/" .. answer.attr.id then return end
	forget(answer.attr.id)
	local reply = st.clone(answer)
	reply.attr.from, reply.attr.to, reply.attr.id = module.host, asked.attr.from, asked.attr.id
	module:send(reply)
	return true
end, 10)
