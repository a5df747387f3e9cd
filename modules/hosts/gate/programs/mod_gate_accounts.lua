-- Accounts of auth.<domain>: Jicofo's, and one of each bridge. They are files that come and go with a converge, and
-- nothing of them stands in prosody.cfg.lua: that is read at a start, which ends all meetings.

local gate = module:depends("gate")

-- They carry all meetings and are known. Of mod_limits' own list names alone could be on.
module:hook("authentication-success", function (event) event.session.conn:setlimit(0) end)

-- Whose account is gone is out, also if logged in before.
module:hook_global("config-reloaded", function ()
	local gone = {}
	for user, held in pairs(prosody.hosts[module.host].sessions) do
		-- Of the accounts themselves: usermanager takes who is logged in for one.
		if not prosody.hosts[module.host].users.user_exists(user) then
			for _, session in pairs(held.sessions) do gone[#gone + 1] = session end
		end
	end
	for _, session in ipairs(gone) do
		gate.security({ action = "account", result = "ended", why = "gone" }, session)
		session:close({ condition = "not-authorized", text = "This account is gone" })
	end
end)
