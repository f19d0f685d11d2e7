//! A copy of the project, to plant faults in.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::faults::Edit;

/// The copy, kept between runs so that only what has changed is built anew.
pub(crate) struct Tree {
    folder: PathBuf,
    target: PathBuf,
}

/// A fault that is there for as long as this lives.
pub(crate) struct Planted {
    originals: Vec<(PathBuf, String)>,
}

impl Tree {
    /// Copies every file that git knows, or would.
    pub(crate) fn copy_of(root: &Path) -> Self {
        let place = root.join("target/controls");
        let tree = Self { folder: place.join("tree"), target: place.join("target") };
        let listed = Command::new("git")
            .args(["ls-files", "--cached", "--others", "--exclude-standard"])
            .current_dir(root)
            .output()
            .expect("git is there");
        let listed = String::from_utf8(listed.stdout).unwrap();
        let known: Vec<_> = listed.lines().filter(|name| root.join(name).is_file()).collect();
        remove_others(&tree.folder, &known);
        for name in &known {
            copy_if_other(&root.join(name), &tree.folder.join(name));
        }
        tree
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// Plants a fault. Each of its edits has to fit at exactly one place.
    pub(crate) fn with(&self, edits: &[Edit]) -> Planted {
        let mut planted = Planted { originals: vec![] };
        for edit in edits {
            let path = self.folder.join(edit.file);
            let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", edit.file));
            let places = text.matches(edit.find).count();
            assert!(places == 1, "expected {:?} once in {}, found it {places} times", edit.find, edit.file);
            fs::write(&path, text.replace(edit.find, edit.replace)).unwrap();
            planted.originals.push((path, text));
        }
        planted
    }
}

impl Drop for Planted {
    fn drop(&mut self) {
        for (path, original) in self.originals.drain(..).rev() {
            fs::write(path, original).expect("what was changed can be put right");
        }
    }
}

/// Removes what has left the project since the last run.
fn remove_others(folder: &Path, known: &[&str]) {
    let known: HashSet<PathBuf> = known.iter().map(|name| folder.join(name)).collect();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !known.contains(&path) {
                fs::remove_file(path).unwrap();
            }
        }
    }
}

/// Leaves a file alone that is the same already, so that it is not built anew.
fn copy_if_other(from: &Path, to: &Path) {
    let content = fs::read(from).unwrap();
    if fs::read(to).is_ok_and(|there| there == content) {
        return;
    }
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::write(to, content).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
}
