#!/usr/bin/env bash
# Puts the validators that some suites look for onto a Debian or Ubuntu machine with Go: promtool, kube-score, actionlint.
# Go checks what it fetches against its checksum database.
set -euo pipefail
sudo apt-get update -qq
sudo DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends prometheus >/dev/null
go install github.com/zegl/kube-score/cmd/kube-score@v1.20.0
go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
bin=$(go env GOPATH)/bin
[ -z "${GITHUB_PATH:-}" ] || echo "$bin" >> "$GITHUB_PATH"
echo "ci-tools: kube-score and actionlint are in $bin"
