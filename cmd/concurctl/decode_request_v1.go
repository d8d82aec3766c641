package main

import (
	"concur-connector/concur/wire"
)

// decodeRequestV1 reads a payload of Request v1, which Concur has ended; ok says that it
// is one.
func decodeRequestV1(body []byte, root string) (p payload, ok bool, err error) {
	switch root {
	case "travelrequestdetails":
		r, err := wire.DecodeRequestV1(body)
		if err != nil {
			return payload{}, true, err
		}
		about := "a travel request of Request v1, which Concur has ended, with " + count(len(r.Expenses), "expense")
		return payload{Payload: "travel request v1", About: about, View: requestViewOf(r)}, true, nil
	case "requestswithcount", "requestslist", "travelrequestslist":
		rows, err := wire.DecodeRequestListV1(body)
		if err != nil {
			return payload{}, true, err
		}
		about := "a list of Request v1, which Concur has ended, with " + count(len(rows), "travel request")
		return payload{Payload: "travel request list v1", About: about, View: rows}, true, nil
	}
	return payload{}, false, nil
}
