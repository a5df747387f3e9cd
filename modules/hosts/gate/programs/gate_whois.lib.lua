-- Who sees whose account: moderators everybody's, who lets in needs it; all others Jicofo's alone, by which their
-- clients know it. Jicofo itself asks for a room in which everybody sees everybody's: that is not to be had.

-- Keeps the rooms of one host so; gives a function that undoes it.
return function (room_mt, focus)
	local get_whois, build_item_list = room_mt.get_whois, room_mt.build_item_list
	room_mt.get_whois = function () return "moderators" end
	room_mt.build_item_list = function (room, occupant, x, is_anonymous, ...)
		return build_item_list(room, occupant, x, is_anonymous and occupant.bare_jid ~= focus, ...)
	end
	return function () room_mt.get_whois, room_mt.build_item_list = get_whois, build_item_list end
end
