// What a site tells Baton of its visitor, before the script runs. A real one takes it from its login.
window.BatonConfig = {
  uniqueId: "demo-4711",
  identities: ["Robin Meyer"],
  tags: ["demo shop"],
};
