package approvers_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/approvals/approvers"
	"concur-connector/expense"
)

// decision is an approval by a member of the group that decides, without a seal.
func decision(name string) expense.Decision {
	return expense.Decision{
		TaskID: taskID, ID: "d-1", Decision: expense.DecideApprove, Comment: "seen", To: "x", By: name, At: noon,
		Actor: &expense.Actor{Name: name, IdentifiedBy: expense.ByToken, Logins: []string{"anna@example.com"}, Groups: []string{"a", "b"}},
	}
}

// check checks a decision on a task of the group finance, of which Anna is a member.
func check(t *testing.T, d expense.Decision, keys *approvers.SealKeys) expense.CheckedDecision {
	t.Helper()
	a := parse(t, "approvers: [{name: Anna, logins: [anna@example.com], groups: [finance]}, {name: Bob, logins: [b@x]}]")
	return a.Check(expense.CheckDecisionInput{
		Task:     expense.Task{ID: taskID, Groups: []expense.TaskGroup{asked("finance", 1)}},
		Decision: d, Owner: expense.Owner{Login: "owner@example.com"}, At: noon,
	}, func(string) bool { return false }, keys)
}

func TestASealProvesWhoDecided(t *testing.T) {
	t.Parallel()
	k, d := keys(t), decision("Anna")
	require.NoError(t, k.Seal(&d))
	stored, err := json.Marshal(d) // as Temporal stores it
	require.NoError(t, err)
	var read expense.Decision
	require.NoError(t, json.Unmarshal(stored, &read))
	require.Equal(t, expense.CheckedDecision{Accepted: true, By: "Anna", IdentifiedBy: expense.ByToken, Groups: []string{"finance"}}, check(t, read, k))
	require.NotContains(t, d.Seal, "Anna")
}

// mutate returns copies of a decision, each of which differs in one place: a byte of a text, an
// item of a list, a nanosecond.
func mutate(d expense.Decision) map[string]expense.Decision {
	all := map[string]expense.Decision{}
	var walk func(path string, read func(*expense.Decision) reflect.Value)
	add := func(path string, read func(*expense.Decision) reflect.Value, change func(reflect.Value)) {
		changed := d
		actor := *d.Actor
		actor.Logins, actor.Groups = append([]string{}, actor.Logins...), append([]string{}, actor.Groups...)
		changed.Actor = &actor
		change(read(&changed))
		all[path] = changed
	}
	walk = func(path string, read func(*expense.Decision) reflect.Value) {
		switch v := read(&d); v.Kind() {
		case reflect.String:
			for i := range v.Len() {
				for bit := range 8 {
					add(fmt.Sprintf("%s/byte %d bit %d", path, i, bit), read, func(v reflect.Value) {
						b := []byte(v.String())
						b[i] ^= 1 << bit
						v.SetString(string(b))
					})
				}
				add(fmt.Sprintf("%s/cut %d", path, i), read, func(v reflect.Value) { v.SetString(v.String()[:i]) })
			}
			add(path+"/longer", read, func(v reflect.Value) { v.SetString(v.String() + "\x00") })
		case reflect.Pointer:
			walk(path, func(d *expense.Decision) reflect.Value { return read(d).Elem() })
		case reflect.Slice:
			for i := range v.Len() {
				walk(fmt.Sprintf("%s/%d", path, i), func(d *expense.Decision) reflect.Value { return read(d).Index(i) })
			}
			add(path+"/more", read, func(v reflect.Value) { v.Set(reflect.Append(v, reflect.ValueOf(""))) })
			add(path+"/none", read, func(v reflect.Value) { v.SetZero() })
		case reflect.Struct:
			if at, ok := v.Interface().(time.Time); ok {
				add(path, read, func(v reflect.Value) { v.Set(reflect.ValueOf(at.Add(1))) })
				return
			}
			for i := range v.NumField() {
				walk(path+"/"+v.Type().Field(i).Name, func(d *expense.Decision) reflect.Value { return read(d).Field(i) })
			}
		}
	}
	walk("", func(d *expense.Decision) reflect.Value { return reflect.ValueOf(d).Elem() })
	return all
}

func TestEveryChangeBreaksTheSeal(t *testing.T) {
	t.Parallel()
	k, d := keys(t), decision("Anna")
	require.NoError(t, k.Seal(&d))
	changed := mutate(d)
	require.Greater(t, len(changed), 1000, "every byte of every field is changed")
	for where, one := range changed {
		got := check(t, one, k)
		require.False(t, got.Accepted, where)
		require.Equal(t, expense.Unverified, got.By, where)
		require.Empty(t, got.IdentifiedBy, where)
		require.NotContains(t, got.Why, "Anna", where)
	}
}

func TestTextsThatMoveBetweenFieldsBreakTheSeal(t *testing.T) {
	t.Parallel()
	k, d := keys(t), decision("Anna")
	require.NoError(t, k.Seal(&d))
	for name, change := range map[string]func(*expense.Decision){
		"from the comment to the recipient": func(d *expense.Decision) { d.Comment, d.To = "see", "nx" },
		"from a login to a group": func(d *expense.Decision) {
			d.Actor.Logins, d.Actor.Groups = nil, []string{"anna@example.com", "a", "b"}
		},
		"two groups become one": func(d *expense.Decision) { d.Actor.Groups = []string{"ab"} },
		"no actor":              func(d *expense.Decision) { d.Actor = nil },
	} {
		one := d
		actor := *d.Actor
		one.Actor = &actor
		change(&one)
		require.Equal(t, expense.Unverified, check(t, one, k).By, name)
	}
}

func TestASealOfTheWrongTimeIsRefused(t *testing.T) {
	t.Parallel()
	k := keys(t)
	for at, accepted := range map[time.Time]bool{
		noon:                               true,
		noon.Add(90 * time.Second):         true,
		noon.Add(3 * time.Minute):          false,
		noon.Add(-71 * time.Hour):          true,
		noon.Add(-73 * time.Hour):          false,
		noon.In(time.FixedZone("x", 3600)): true,
	} {
		d := decision("Anna")
		d.At = at
		require.NoError(t, k.Seal(&d))
		require.Equal(t, accepted, check(t, d, k).Accepted, at)
	}
}

func TestTheSecondKeyVerifies(t *testing.T) {
	t.Parallel()
	first, second, third := approvers.NewSealKey(), approvers.NewSealKey(), approvers.NewSealKey()
	load := func(lines ...string) *approvers.SealKeys {
		k, err := approvers.ParseSealKeys("keys", []byte("# comment\n\n"+strings.Join(lines, "\r\n")))
		require.NoError(t, err)
		return k
	}
	d := decision("Anna")
	require.NoError(t, load(first, third).Seal(&d))
	require.True(t, check(t, d, load(second, first)).Accepted)
	require.False(t, check(t, d, load(second, third)).Accepted, "the first key seals")
	for name, none := range map[string]*approvers.SealKeys{"nil": nil, "zero": {}} {
		require.Error(t, none.Seal(&d), name)
		got := check(t, d, none)
		require.False(t, got.Accepted)
		require.Contains(t, got.Why, "CONCUR_SEAL_KEYS_FILE")
	}
}

func TestOnlyACompleteDecisionIsSealed(t *testing.T) {
	t.Parallel()
	k := keys(t)
	for name, change := range map[string]func(*expense.Decision){
		"no task": func(d *expense.Decision) { d.TaskID = "" }, "no ID": func(d *expense.Decision) { d.ID = "" },
		"no actor": func(d *expense.Decision) { d.Actor = nil }, "no time": func(d *expense.Decision) { d.At = time.Time{} },
		"no name": func(d *expense.Decision) { d.Actor.Name = "" },
	} {
		d := decision("Anna")
		change(&d)
		require.ErrorContains(t, k.Seal(&d), "required", name)
	}
}

func TestAKeyFileThatCannotBeUsedIsRefused(t *testing.T) {
	t.Parallel()
	key := approvers.NewSealKey()
	require.Regexp(t, `^ccs_[A-Za-z0-9_-]{43}$`, key)
	for name, c := range map[string]struct{ text, says string }{
		"nothing":        {"# none\n", "there is no key in the file"},
		"no prefix":      {key[4:], "keys:1: the key must be ccs_ and 32 to 128 bytes"},
		"a short key":    {"\n" + key[:len(key)-2], "keys:2: the key must be"},
		"no base64":      {key + "!", "keys:1: the key must be"},
		"the same twice": {key + "\n" + key, "keys:2: both keys are the same"},
		"three keys":     {key + "\n" + approvers.NewSealKey() + "\n" + approvers.NewSealKey(), "keys:3: there are more than two keys"},
		"UTF-16":         {"\xff\xfea\x00", "UTF-16"},
	} {
		_, err := approvers.ParseSealKeys("keys", []byte(c.text))
		require.ErrorContains(t, err, c.says, name)
		require.NotContains(t, err.Error(), key[4:20], name)
	}
}

func FuzzASealIsNotGuessed(f *testing.F) {
	f.Add("s1.", "d-1", "seen")
	f.Add("", "", "")
	f.Fuzz(func(t *testing.T, seal, id, comment string) {
		d := decision("Anna")
		d.Seal, d.ID, d.Comment = seal, id, comment
		require.False(t, check(t, d, keys(t)).Accepted)
	})
}
