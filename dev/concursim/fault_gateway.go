package main

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
)

// gatewayMark is part of every gateway answer, and must not appear in anything the
// connector says.
const gatewayMark = "kim.tester@example.com"

// gatewayAnswers are answers of proxies, firewalls and gateways in the place of Concur.
var gatewayAnswers = map[string]struct{ contentType, body string }{
	"page": {"text/html; charset=utf-8", "<!DOCTYPE html>\n<html><head><title>Access Denied</title></head><body><h1>Access Denied</h1>" +
		"<p>" + gatewayMark + " has no permission to access this server. Reference #18.2d351ab8</p></body></html>"},
	"page-as-xml":  {"application/xml", `<?xml version="1.0"?><!-- proxy --><html><body>` + gatewayMark + `: request blocked</body></html>`},
	"page-as-json": {"application/json", "<html><head><title>403 Forbidden</title></head><body><center>" + gatewayMark + "</center></body></html>"},
	"fragment":     {"text/html", "<h1>Forbidden</h1><p>" + gatewayMark + "</p>"},
	"nothing":      {},
	"plain":        {"text/plain", "upstream connect error or disconnect/reset before headers, user " + gatewayMark},
	"json":         {"application/json", `{"message":"Forbidden","user":"` + gatewayMark + `"}`},
	"xml":          {"application/xml", `<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>` + gatewayMark + `</Message><RequestId>4442587F</RequestId></Error>`},
}

func gatewayForms() []string { return slices.Sorted(maps.Keys(gatewayAnswers)) }

func (s *simulator) gatewayAnswer(f *fault) answer {
	form := f.Param.Text
	if form == "" {
		forms := slices.DeleteFunc(gatewayForms(), func(form string) bool { return form == "nothing" })
		form = forms[s.draw("gateway", f.ID, f.Applied).IntN(len(forms))]
	}
	chosen := gatewayAnswers[form]
	return answer{status: cmp.Or(f.Param.Status, http.StatusForbidden), contentType: chosen.contentType, body: []byte(chosen.body), foreign: true}
}
