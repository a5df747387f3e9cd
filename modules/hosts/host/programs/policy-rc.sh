#!/bin/sh
# Asked by Debian's packages before they start, stop or restart a service: policy-rc.d NAME ACTION.
# What carries calls is reloaded and no more, so that an update doesn't cut calls off. 101: forbidden.
carries_calls=/etc/polder/carries-calls
[ "${1#--}" = "$1" ] || shift
grep -qxF -e "$1" "$carries_calls"
# Not on the list; without a list nothing is restarted.
[ $? -ne 1 ] || exit 0
case "$2" in reload | force-reload) exit 0 ;; *) exit 101 ;; esac
