SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help demo test e2e model fuzz parts check fmt vet lint tidy bench up down generate build web

# What a test or the demo needs is installed (root on Debian) or named in one line. Without CI=true a test whose part is
# missing is skipped, so the rest can run on a laptop; with CI=true it fails.
laptop = || [[ "$${CI:-}" != true ]]
tool = go tool -modfile=tools/go.mod
compose = docker compose -f deploy/compose.yaml

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## bin/jifen
	@go build -o bin/jifen ./cmd/jifen >&2

web: ## web/dist: the pages of the mall and the console, and the badge
	@tools/parts npm
	@cd web && { cmp -s package-lock.json node_modules/.built-from || { npm ci --ignore-scripts --no-audit --no-fund --silent && cp package-lock.json node_modules/.built-from; }; }
	@cd web && npm run --silent check && npm run --silent build

demo: ## real orders become points, with everything started locally (ARGS="--once -o json")
	@tools/parts redis-server npm
	@$(MAKE) build
	@bin/jifen demo $(ARGS)

test: parts ## vet and all tests, with a summary; CI=true lets nothing be skipped
	@go vet ./...
	@go test -json -timeout 25m -p 2 ./... | go run ./internal/testkit/summary

parts: ## what the tests need: Redis, kcat, Java, Maven, npm, Python, Chromium; Apache Kafka and the ClickHouse engine in .cache
	@tools/parts redis-server kcat java mvn npm python3 python3-venv chromium $(laptop)
	@go run ./internal/devstack/fetch kafka engine $(laptop)

check: fmt vet lint tidy test ## all of it, before a commit

fmt: ## format the sources
	@$(tool) gofumpt -l -w $$(git ls-files '*.go' ':!*.pb.go' ':!*_vtproto.pb.go')

vet: ## go vet
	@go vet ./...

lint: ## golangci-lint
	@$(tool) golangci-lint run ./...

tidy: ## layers, homes, sizes and banned calls
	@go test ./internal/tidy

model: ## 20 random histories of 5,000 events against an independent model (ARGS="--seeds 7 --with simulate")
	@tools/parts redis-server python3
	@$(MAKE) build
	@python3 test/model/run.py --jifen bin/jifen $(ARGS)

fuzz: ## 10 minutes of requests made from the OpenAPI document, by schemathesis (ARGS="--minutes 1")
	@tools/parts redis-server java mvn python3 python3-venv
	@CI=true go test ./test/fuzz -count=1 -timeout 0 -v -args --minutes 10 $(ARGS)

e2e: ## a member and the staff in a browser, on the real stack, at three widths; pictures in artefacts/e2e
	@tools/parts redis-server npm chromium
	@go run ./internal/devstack/fetch engine
	@rm -rf artefacts/e2e && mkdir -p artefacts/e2e
	@CI=true go test ./test/e2e -count=1 -v -timeout 25m -artifacts -outputdir $(CURDIR)/artefacts/e2e $(ARGS)

bench: ## CPU per event, in one table
	@tools/parts redis-server java mvn npm
	@$(MAKE) build
	@bin/jifen bench $(ARGS)

up: ## the deployment of deploy/compose.yaml
	@$(compose) up -d --build

down: ## end it; the data stays
	@$(compose) down

generate: ## the Protobuf code of topics/
	@$(tool) buf generate
