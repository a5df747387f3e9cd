-- As Prosody's own checks: modules run in an environment that has these.
std = "lua54"
max_line_length = 160
read_globals = { "prosody" }
globals = { "module" }
files["mod_gate.lua"] = { globals = { "names", "security", "refuse", "sessions_of", "register", "is_of_room", "focus_jid", "is_bridge", "live_room", "main_room_of", "admit", "is_health_check", "may_open", "has_place", "has_room", "has_socket", "end_silent", "is_shut", "ask" } }
files["mod_gate_log.lua"] = { globals = { "security" } }
files["mod_gate_return.lua"] = { globals = { "hand_out" } }
