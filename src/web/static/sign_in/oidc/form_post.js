// Sends the answer on to the application; without scripts the button does it.
document.getElementById('form-post').submit();
