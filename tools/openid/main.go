// Command openid is an OpenID provider for tests: the certified library of zitadel/oidc with the
// in-memory storage and the login page of its examples. It knows the users of a file and prints
// its issuer when it listens.
//
// Its client "web" follows the standard: its ID tokens have no e-mail address, which is at the
// user information endpoint. The ID tokens of its client "full" have every claim, and its access
// tokens are JWTs.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "host:port to listen on")
	users := flag.String("users", "", "JSON file of users by ID, each with ID, Username, Password, Email, EmailVerified and Groups")
	redirect := flag.String("redirect", "", "redirect URI of both clients")
	flag.Parse()
	log.SetFlags(0)
	if err := run(*listen, *users, *redirect); err != nil {
		log.Fatal(err)
	}
}

func run(listen, users, redirect string) error {
	content, err := os.ReadFile(users)
	if err != nil {
		return err
	}
	var groups map[string]struct{ Groups []string }
	if err := json.Unmarshal(content, &groups); err != nil {
		return err
	}
	known, err := storage.StoreFromFile(users)
	if err != nil {
		return err
	}
	storage.RegisterClients(storage.WebClient("web", "secret", redirect), storage.WebClient("full", "secret", redirect))
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	issuer := "http://" + listener.Addr().String()
	s := &withGroups{Storage: storage.NewStorage(known), groups: map[string][]string{}}
	for id, user := range groups {
		s.groups[id] = user.Groups
	}
	handler := exampleop.SetupServer(issuer, s, slog.New(slog.DiscardHandler), false)
	fmt.Println(issuer)
	return http.Serve(listener, handler)
}

// withGroups adds the claim "groups".
type withGroups struct {
	*storage.Storage
	groups map[string][]string // by the user's ID
}

func (s *withGroups) SetUserinfoFromRequest(ctx context.Context, info *oidc.UserInfo, token op.IDTokenRequest, scopes []string) error {
	info.AppendClaims("groups", s.groups[token.GetSubject()])
	return s.Storage.SetUserinfoFromRequest(ctx, info, token, scopes)
}

func (s *withGroups) SetUserinfoFromToken(ctx context.Context, info *oidc.UserInfo, tokenID, subject, origin string) error {
	info.AppendClaims("groups", s.groups[subject])
	return s.Storage.SetUserinfoFromToken(ctx, info, tokenID, subject, origin)
}

func (s *withGroups) GetPrivateClaimsFromScopes(_ context.Context, userID, _ string, _ []string) (map[string]any, error) {
	return map[string]any{"groups": s.groups[userID]}, nil
}

func (s *withGroups) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	client, err := s.Storage.GetClientByClientID(ctx, id)
	if err != nil || id != "full" {
		return client, err
	}
	return full{client}, nil
}

// full is a client whose tokens have every claim.
type full struct{ op.Client }

func (full) IDTokenUserinfoClaimsAssertion() bool { return true }
func (full) AccessTokenType() op.AccessTokenType  { return op.AccessTokenTypeJWT }
