-- A rate for each of many: so many in so many seconds. The oldest fall out, so that no flood of
-- addresses fills memory; who falls out starts anew.

local cache = require "prosody.util.cache"
local throttle = require "prosody.util.throttle"
local ip = require "prosody.util.ip"

local most = 10000

-- Who has one IPv6 address has a /64 of them (RFC 6177): that is one.
local function network_of(address)
	if not address:find(":", 1, true) then return address end
	local found = ip.new_ip(address)
	return found and found.proto == "IPv6" and ip.truncate(found, 64).addr or address
end

-- A function that says whether one more of a key is within the rate.
local function by_key(count, seconds)
	local buckets = cache.new(most)
	return function (key)
		local bucket = buckets:get(key)
		-- Below nothing since the clock was set back: it would fill no sooner than that time has passed again.
		if not bucket or bucket.balance < 0 then bucket = throttle.create(count, seconds) end
		buckets:set(key, bucket)
		return bucket:poll(1)
	end
end

-- The same of an address.
local function new(count, seconds)
	local is_within = by_key(count, seconds)
	return function (address) return is_within(network_of(address)) end
end

return { new = new, by_key = by_key, network_of = network_of }
