package e2e

import (
	"testing"
)

// Pages that people have from tutorials work against the server as they are. They run here on a
// bare page of the site, which keeps the cookie and the origin.

const bare = "/healthz"

func TestTutorialChat(t *testing.T) {
	s := start(t)
	ada, tom := member(t, s, "ada"), member(t, s, "tom")
	for _, p := range []*page{ada, tom} {
		p.open(bare)
		p.do(`document.body.innerHTML = '<textarea id="chat-log" cols="100" rows="20"></textarea><br>' +
				'<input id="chat-message-input" type="text" size="100"><br><input id="chat-message-submit" type="button" value="Send">';
			const chatSocket = new WebSocket('ws://' + window.location.host + '/ws/chat/' + 'lobby' + '/');
			chatSocket.onmessage = function(e) {
				const data = JSON.parse(e.data);
				document.querySelector('#chat-log').value += (data.user + ": " + data.message + '\n');
			};
			chatSocket.onclose = function(e) { console.error('Chat socket closed unexpectedly'); };
			document.querySelector('#chat-message-submit').onclick = function(e) {
				const messageInputDom = document.querySelector('#chat-message-input');
				chatSocket.send(JSON.stringify({ 'message': messageInputDom.value }));
				messageInputDom.value = '';
			};
			new Promise((resolve) => { chatSocket.onopen = resolve; })`)
	}
	for _, p := range []*page{ada, tom} {
		p.fill("#chat-message-input", "hello from "+p.who)
		p.click("#chat-message-submit")
	}
	for _, p := range []*page{ada, tom} {
		for _, line := range []string{"ada: hello from ada\n", "tom: hello from tom\n"} {
			p.until(line, `document.querySelector("#chat-log").value.split(`+quote(line)+`).length === 2`)
		}
		p.expect("closed unexpectedly") // when the page is left
	}
}

func TestTutorialOnline(t *testing.T) {
	s := start(t)
	ada, tom := member(t, s, "ada"), member(t, s, "tom")
	ada.open(bare)
	ada.do(`document.body.innerHTML = '<ul><li data-username="ada">ada: Offline</li><li data-username="tom">tom: Offline</li></ul>';
		const socket = new WebSocket('ws://' + window.location.host + '/users/');
		socket.onmessage = function(event) {
			const data = JSON.parse(event.data);
			const user = Array.from(document.querySelectorAll('li')).find((li) => li.dataset.username === data.username);
			user.textContent = data.username + ': ' + (data.is_logged_in ? 'Online' : 'Offline');
		}`)
	ada.reads(`[data-username="ada"]`, "Online")
	ada.reads(`[data-username="tom"]`, "Offline")
	tom.open("/")
	ada.reads(`[data-username="tom"]`, "Online")
	tom.leave()
	ada.reads(`[data-username="tom"]`, "Offline")
}

func TestTutorialTable(t *testing.T) {
	s := start(t)
	ada := member(t, s, "ada")
	ada.open(bare)
	ada.do(`document.body.innerHTML = '<table><tbody id="users"></tbody></table>';
		const socket = new WebSocket('ws://' + window.location.host + '/new-user/');
		socket.onmessage = function(event) {
			document.querySelector('#users').innerHTML = JSON.parse(event.data).html_users;
		};
		new Promise((resolve) => { socket.onopen = resolve; })`)
	tom := member(t, s, "tom")
	ada.reads("#users", "tom")
	tom.open("/")
	ada.until("tom online", `Array.from(document.querySelectorAll("#users tr")).some((row) => /tom[^]*Online/.test(row.textContent))`)
}
