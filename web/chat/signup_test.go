package chat

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
)

// Of ten people who create the first account at once, one succeeds. The policy applies to the others.
func TestThereIsOneFirstAccount(t *testing.T) {
	t.Parallel()
	for policy, others := range map[string]string{"open": "", "closed": "first_taken", "invite": "first_taken"} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			h := newEmptyChat(t)
			h.options.Signup = policy
			_, err := h.SignUp(context.Background(), NewUser{Name: "stranger", Password: "x"})
			wantCode(t, err, "first_account", "")
			codes := h.signUpTogether(10, NewUser{First: true})
			if _, admins, err := h.Users(context.Background(), UserQuery{Admins: true}); admins != 1 || err != nil {
				t.Errorf("%d admins, %v", admins, err)
			}
			if codes[""] != 1 && others != "" || codes[others] < 9 || codes[""]+codes["first_taken"] != 10 {
				t.Errorf("the ten get %v", codes)
			}
		})
	}
}

// Signing up follows the policy at the time when the account is stored. An invitation works for as many people as it allows.
func TestSignUpFollowsThePolicy(t *testing.T) {
	t.Parallel()
	h := newEmptyChat(t)
	ctx, admin := context.Background(), Caller{User: h.user("ada")}
	set := func(policy string) {
		if err := h.SetSettings(ctx, admin, map[string]string{SettingSignup: policy}); err != nil {
			t.Fatal(err)
		}
	}
	invite, err := h.CreateInvite(ctx, admin, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		policy string
		n      NewUser
		want   string
	}{
		{"", NewUser{Name: "a"}, "signup_closed"},
		{"closed", NewUser{Name: "b", Invite: invite}, "signup_closed"},
		{"invite", NewUser{Name: "c"}, "signup_invite"},
		{"invite", NewUser{Name: "d", Invite: "wrong"}, "invite_used"},
		{"open", NewUser{Name: "e", Invite: invite}, ""}, // does not use up the invitation
	} {
		if step.policy != "" {
			set(step.policy)
		}
		step.n.Password = "x"
		if err := h.MaySignUp(ctx, false, step.n.Invite); errorCode(err) != step.want {
			t.Errorf("%s, %s: the form: %v", step.policy, step.n.Name, err)
		}
		if _, err := h.SignUp(ctx, step.n); errorCode(err) != step.want {
			t.Errorf("%s, %s: %v", step.policy, step.n.Name, err)
		}
	}
	set("invite")
	if codes := h.signUpTogether(10, NewUser{Invite: invite}); codes[""] != 3 || codes["invite_used"] != 7 {
		t.Errorf("an invitation for three people: %v", codes)
	}
}

// signUpTogether signs up n people at once and returns how often each error code came, "" for none.
func (h *emptyChat) signUpTogether(n int, like NewUser) map[string]int {
	var wg sync.WaitGroup
	var mu sync.Mutex
	codes := map[string]int{}
	for i := range n {
		wg.Go(func() {
			person := like
			person.Name, person.Password = fmt.Sprint("person", i), "x"
			_, err := h.SignUp(context.Background(), person)
			mu.Lock()
			defer mu.Unlock()
			codes[errorCode(err)]++
		})
	}
	wg.Wait()
	return codes
}

// errorCode returns the code of an error, "" for nil.
func errorCode(err error) string {
	var e *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Code
	}
	return err.Error()
}
