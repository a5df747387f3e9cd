# make lab: the main job.  make test: all tests.  make help: everything else.
# Each step leaves a stamp, so that what is there already costs nothing.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

STAMPS := build/stamps
export CHECKPOINT_DISABLE := 1
# Goals beside each other: npm and pip mostly wait for their registries, Go for the compiler, the lab's root for Debian's.
BESIDE := $(MAKE) --no-print-directory --jobs=4

## lab        deploy the example instance to a real OpenStack on this machine; CLOUD=hetzner: to a stand-in of Hetzner's; PACKAGES=folder: with Jitsi, and real browsers
lab: preflight-lab
	@$(BESIDE) setup-parts lab-root
	@lab/main-job.sh
ifneq ($(PACKAGES),)
	@$(MAKE) --no-print-directory acceptance INSTANCE=$(if $(filter hetzner,$(CLOUD)),lab-hetzner,lab)
endif

## test       everything that CI runs: lint, types, unit tests, Debian's programs, the lab
test: preflight-lab
	@$(BESIDE) lab-root tests
# Those that need no lab begin while its root is made.
tests: setup-parts $(STAMPS)/validators $(STAMPS)/linters $(STAMPS)/gnupg $(STAMPS)/chromium
	@node --import tsx scripts/test.ts unit terraform debian lab

## unit       the tests that need neither lab nor root, in little more than a minute
unit: preflight setup
	@npx vitest run --project unit --maxWorkers=100%

## lint       formatting, lint, module boundaries, dead code, types; Python, shell, Lua, playbook
lint: preflight setup $(STAMPS)/validators $(STAMPS)/linters
	@npx biome check .
	@npx depcruise modules stacks cli lab scripts
	@npx knip
	@node node_modules/typescript-7/bin/tsc -p .
	@build/venv/bin/ruff check -q .
	@scripts/lint-programs.sh
	@cd ansible && PATH="$(CURDIR)/build/venv/bin:$$PATH" ansible-lint --offline -q

## soak       what takes long: more deployments, each planted fault alone, interrupts, hundreds of runs (docs/tests.md)
soak: preflight-lab setup $(STAMPS)/validators $(STAMPS)/lab-packages $(STAMPS)/node-22 $(STAMPS)/cdktf $(STAMPS)/typesafe-config $(STAMPS)/smack
	@npx vitest run --project soak
	@npx vitest run --project alone

## acceptance real browsers at the cluster that runs, with Jitsi; INSTANCE=lab-direct: at another than lab
acceptance: preflight-lab setup $(STAMPS)/chromium $(STAMPS)/firefox
	@npx vitest run --project acceptance

## bench      measure each part; the table for docs/benchmarks.md
bench: preflight-lab setup $(STAMPS)/lab-packages $(STAMPS)/cdktf
	@node --import tsx scripts/bench.ts

## sizing     the tables and the plot of docs/sizing.md, from the planner's own data
sizing: setup
	@node --import tsx scripts/draw-sizing.ts

## bindings   generate the providers' TypeScript bindings from their committed schemas
bindings: $(STAMPS)/bindings
## providers  build the pinned providers into build/provider-mirror
providers: $(STAMPS)/providers
## ansible    the pinned Ansible, into build/venv
ansible: $(STAMPS)/ansible
## polder     compile the command into dist/
polder: dist/compiled
## setup      all four, and the npm packages; FROM=folder: without internet, from what `polder mirror` filled
setup:
	@$(BESIDE) setup-parts
## cdktf      install cdktf's own command into scripts/cdktf, which polder doesn't need (docs/deploy.md)
cdktf: preflight $(STAMPS)/cdktf
setup-parts: $(STAMPS)/npm $(STAMPS)/bindings $(STAMPS)/providers $(STAMPS)/ansible dist/compiled

# What takes longest of the lab's first start.
lab-root: $(STAMPS)/npm $(STAMPS)/lab-packages
	@node --import tsx lab/prepare.ts

# What a site without internet has in place of npm's registry, of a build of the providers, and of PyPI.
ifdef FROM
$(STAMPS)/from: $(FROM)/SHA256SUMS scripts/from-folder.sh
	@scripts/from-folder.sh "$(FROM)"
	@mkdir -p $(@D) && touch $@
$(STAMPS)/npm $(STAMPS)/providers $(STAMPS)/ansible: $(STAMPS)/from
endif

$(STAMPS)/npm: package.json package-lock.json $(wildcard providers/*/package.json)
	@echo "setup: npm packages"
	@npm ci --no-audit --no-fund --loglevel=error $(if $(FROM),--offline --cache build/npm-cache)
	@mkdir -p $(@D) && touch $@

# The second Node of the test matrix, 185 MB, and cdktf's command, half of all files: polder and `make test` need neither.
$(STAMPS)/node-22 $(STAMPS)/cdktf: $(STAMPS)/%: scripts/%/package-lock.json
	@echo "setup: $*"
	@npm ci --prefix scripts/$* --no-audit --no-fund --loglevel=error
	@mkdir -p $(@D) && touch $@

$(STAMPS)/bindings: $(STAMPS)/npm providers/generate.ts providers/provider.ts $(wildcard providers/*/schema.json)
	@echo "setup: provider bindings"
	@node --import tsx providers/generate.ts
	@mkdir -p $(@D) && touch $@

$(STAMPS)/providers: providers/build.sh $(wildcard providers/*/go.mod providers/*/go.sum providers/*/terraform.lock.hcl)
	@echo "setup: providers (built from source; a few minutes the first time)"
	@providers/build.sh build/provider-mirror
	@mkdir -p $(@D) && touch $@

dist/compiled: $(STAMPS)/npm $(STAMPS)/bindings scripts/compile.mjs $(shell find cli lab modules stacks -name '*.ts')
	@node scripts/compile.mjs

$(STAMPS)/ansible: ansible/requirements.txt ansible/install.sh
	@echo "setup: Ansible"
	@ansible/install.sh build/venv $(if $(FROM),"$(FROM)/wheels")
	@mkdir -p $(@D) && touch $@

# Validators of others, which check what polder makes: needed by lint and the lab's tests, not by a user.
$(STAMPS)/validators: ansible/requirements-validators.txt $(STAMPS)/ansible
	@echo "setup: ansible-lint, ruff, hcloud, compliance-trestle, sslyze, ssh-audit"
	@build/venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@mkdir -p $(@D) && touch $@

# What the recipes below install on the machine itself; docs/lab.md lists them. Whoever has the programs needs no root.
# Two recipes may get here at once, and apt-get waits for no other's lists.
# $(call debian,programs,packages)
define debian
	@mkdir -p $(@D)
	@for program in $(1); do command -v $$program >/dev/null || missing=1; done; \
	[[ -z $${missing:-} ]] || { \
	  echo "setup: Debian packages $(2)"; \
	  flock $(STAMPS)/apt-get sh -c 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $(2) >/dev/null'; }
	@touch $@
endef

$(STAMPS)/lab-packages:
	$(call debian,mmdebstrap ip nft systemd-nspawn,mmdebstrap iproute2 nftables systemd-container)
# Linters that are Debian packages: no registry has them without a download of its own.
$(STAMPS)/linters:
	$(call debian,shellcheck luacheck,shellcheck lua-check)
# gpg signs an archive that a test makes.
$(STAMPS)/gnupg:
	$(call debian,gpg,gnupg)
$(STAMPS)/chromium:
	$(call debian,chromium certutil,chromium libnss3-tools)

# Java's archives that a POM names, compared with the sums beside it, into a folder of the stamp's name.
# $(call jars,name)
define jars
	@echo "setup: $(1)"
	@rm -rf build/$(@F)
	@mvn -q -B -Dstyle.color=never -f $< dependency:copy-dependencies -DoutputDirectory="$(CURDIR)/build/$(@F)"
	@cd build/$(@F) && sha256sum --quiet --strict -c "$(CURDIR)/$(<D)/SHA256SUMS"
	@touch $@
endef

# For make soak alone: the XMPP library of bridges, which meets servers that aren't the bridge's own
# (lab/bridge-trust), and the parser of Jitsi's programs, which reads what is rendered for them (lab/hocon).
$(STAMPS)/maven:
	$(call debian,mvn javac,maven default-jdk-headless)
$(STAMPS)/smack: lab/smack/pom.xml lab/smack/SHA256SUMS $(STAMPS)/maven
	$(call jars,Smack)
$(STAMPS)/typesafe-config: lab/typesafe-config/pom.xml lab/typesafe-config/SHA256SUMS $(STAMPS)/maven
	$(call jars,Typesafe Config)

# For the acceptance alone.
$(STAMPS)/firefox:
	$(call debian,firefox-esr,firefox-esr)

preflight:
	@scripts/preflight.sh
preflight-lab:
	@scripts/preflight.sh lab

## clean      delete what was built, but not the lab (that is: polder lab down --purge)
clean:
	rm -rf build dist cdktf.out node_modules scripts/*/node_modules providers/*/lib

## help       this list
help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

.PHONY: polder cdktf lab test tests unit lint soak acceptance bench sizing bindings providers ansible setup setup-parts lab-root preflight preflight-lab clean help
