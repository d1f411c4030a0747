#!/usr/bin/env bash
# Builds the images, brings docker-compose.yml up, sends a message to the relay's port and checks that the mail catcher shows
# it, having come over TLS 1.2 or later to the key that the resolver's signed zone names (DANE). Needs a Docker engine with
# compose, and Node for the check.
#
#   test/compose/run.sh          DOCKER_HOST is respected; everything is removed at the end, also the volumes
#
# Where axllent/mailpit cannot be pulled, the stand-in beside this script takes its name.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH="$PWD/node_modules/.bin:$PATH" COMPOSE_PROJECT_NAME=postern-test

compose() { if docker compose version >/dev/null 2>&1; then docker compose "$@"; else docker-compose "$@"; fi; }
docker info >/dev/null || { echo "no Docker engine answers: start one, or set DOCKER_HOST" >&2; exit 1; }

mailpit=$(sed -n 's/^ *image: \(axllent\/mailpit:.*\)$/\1/p' docker-compose.yml)
# Builds use the host's network: some engines give containers none.
docker build --network host --tag postern .
docker build --network host --tag postern-resolver config/compose/resolver
if ! docker image inspect "$mailpit" >/dev/null 2>&1 && ! docker pull "$mailpit"; then
  echo "$mailpit cannot be pulled: a stand-in takes its place" >&2
  docker build --network host --tag "$mailpit" test/compose/stand-in
fi

finish() {
  status=$?
  [ "$status" = 0 ] || compose logs --no-color --tail 50 || true
  compose down --volumes --timeout 20
  exit "$status"
}
trap finish EXIT
compose up --detach --no-build

await_healthy() {
  for _ in $(seq 60); do
    state=$(docker inspect --format '{{.State.Health.Status}}' "$(compose ps -q "$1")")
    [ "$state" = healthy ] && return
    sleep 1
  done
  echo "$1 is $state after a minute" >&2
  return 1
}
for service in resolver mailpit relay; do await_healthy "$service"; done

subject=$(node test/compose/check.ts)
echo "caught: $subject"

# Waits for a line of the relay's log and prints it.
await_logged() {
  for _ in $(seq 10); do
    compose logs --no-color relay | grep -E "$1" && return
    sleep 1
  done
  echo "the relay's log does not show $2" >&2
  return 1
}
# The catcher takes nothing without STARTTLS, so what it shows came over TLS; the relay's log says over which, and by what the
# certificate was proven. Without a resolver that is known to validate, nothing would have gone there.
await_logged '"dns\.self-test-passed"' 'that the resolver validates DNSSEC'
await_logged 'TLSv1\.[23] [A-Z0-9_-]+ authenticated by dane.*"delivery\.delivered"' 'a delivery that DANE vouches for'

# The hardening holds: not root, nothing writable but the volume and /tmp.
[ "$(compose exec -T relay id -u)" = 1000 ]
if compose exec -T relay touch /opt/postern/written 2>/dev/null; then
  echo "the root file system can be written to" >&2
  exit 1
fi
echo "the composed relay works"
