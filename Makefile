.DEFAULT_GOAL := help
FUZZTIME ?= 30s

.PHONY: help
help: ## show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.PHONY: dev
dev: ## play the whole system and stay, to look at it
	go run ./dev

.PHONY: once
once: ## play the main stories and say which are ok
	go run ./dev -once

.PHONY: build
build: ## build the programs into bin/
	go build -trimpath -o bin/ ./cmd/ingress ./cmd/worker ./cmd/concurctl

.PHONY: test
test: ## run every test, the stories included
	go test ./...

.PHONY: check
check: ## gofmt, go vet, staticcheck, workflowcheck, go mod
	bash .ci/check

.PHONY: kill-points
kill-points: ## play every story with the worker killed at every request (long)
	KILL_POINTS=all go test ./dev -run TestKillPoints -timeout 90m -v

.PHONY: intervention-points
intervention-points: ## have an operator intervene in every write, at every moment (long)
	INTERVENTIONS=all go test ./dev -run TestInterventionPoints -timeout 120m -v

.PHONY: guards
guards: ## take out every guard, one by one, and see its story fail (long)
	GUARDS=all go test ./dev -run TestAStoryFailsWithoutItsGuard -timeout 30m -v

.PHONY: interfaces
interfaces: ## play every story by every interface of Concur
	STORIES=all go test ./dev -run 'TestStories' -v

.PHONY: sweep
sweep: ## have failed lists of 1,000 and of 10,000 swept, and say what it took (long)
	SWEEP_SIZES=1000,10000 go test ./dev -run TestASweepOfThousands -timeout 90m -v

.PHONY: what-if
what-if: ## judge 1,000 and 10,000 past runs by changed rules, and say what it took (long)
	WHATIF_SIZES=1000,10000 go test ./dev -run TestWhatIfOverThousandsOfRuns -timeout 90m -v

.PHONY: pictures
pictures: ## draw the README's pictures from a session of go run ./dev (needs Chromium)
	PICTURES=all go test ./dev -run TestPictures -v

.PHONY: histories
histories: ## record the histories that the replay test replays
	go test ./dev -run TestRecordHistories -record

.PHONY: fuzz
fuzz: ## run each fuzz target for FUZZTIME (30s)
	@set -e; grep -ro --include='*_test.go' '^func Fuzz[A-Za-z]*' . | while IFS=: read -r file target; do \
		target=$${target#func }; echo "$$target in $$(dirname "$$file")"; \
		go test "$$(dirname "$$file")" -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) </dev/null; \
	done

.PHONY: bench
bench: ## run the benchmarks
	go test ./... -run '^$$' -bench . -benchmem
