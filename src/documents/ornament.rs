//! The frame of a licence and the pattern behind its text.

use std::f32::consts::{PI, TAU};

use crate::{
    layout::{PAGE_HEIGHT, PAGE_WIDTH},
    pdf::ink::Ink,
};

/// The outer line of the frame: millimetres from the edge of the page.
const OUTER: f32 = 11.0;
/// The inner line of the frame.
const INNER: f32 = 18.0;

/// Draws frame and background. The coordinates are millimetres, y upwards from the bottom of the page.
pub(crate) fn draw(ink: &mut Ink, tint: [f32; 3]) {
    let pale = tint.map(|part| 1.0 - (1.0 - part) * 0.16);
    ink.op(&pale, "RG");
    ink.op(&[0.1], "w");
    rosette(ink, [PAGE_WIDTH / 2.0, PAGE_HEIGHT / 2.0 + 6.0], 62.0);
    ink.op(&tint, "RG");
    for (inset, width) in [(OUTER, 0.8), (OUTER + 1.2, 0.2), (INNER - 1.2, 0.2), (INNER, 0.5)] {
        ink.op(&[width], "w");
        ink.op(&[inset, inset, PAGE_WIDTH - 2.0 * inset, PAGE_HEIGHT - 2.0 * inset], "re");
        ink.text("S\n");
    }
    band(ink);
    corners(ink, tint);
}

/// Ellipses turned around one point: the lines cross in a pattern that is hard to redraw by hand.
///
/// Every step turns the page a little and draws the same ellipse, so that the repetition packs to nothing.
fn rosette(ink: &mut Ink, centre: [f32; 2], radius: f32) {
    for (share, count) in [(0.34, 30), (0.62, 24)] {
        let (sin, cos) = (PI / count as f32).sin_cos();
        ink.text("q\n");
        ink.op(&[1.0, 0.0, 0.0, 1.0, centre[0], centre[1]], "cm");
        for _ in 0..count {
            ink.ellipse([0.0, 0.0], [radius, radius * share], 0.0);
            ink.text("S\n");
            ink.text(&format!("{cos:.6} {sin:.6} {:.6} {cos:.6} 0 0 cm\n", -sin));
        }
        ink.text("Q\n");
    }
}

/// Two waves that cross, along all four sides between the lines of the frame.
fn band(ink: &mut Ink) {
    let middle = f32::midpoint(OUTER, INNER);
    let swing = ((INNER - OUTER) / 2.0 - 1.6) * 4.0 / 3.0;
    let corner = INNER + 1.0;
    ink.op(&[0.25], "w");
    for (length, across) in [(PAGE_WIDTH, PAGE_HEIGHT), (PAGE_HEIGHT, PAGE_WIDTH)] {
        let count = ((length - 2.0 * corner) / 8.0).round();
        let step = (length - 2.0 * corner) / count;
        for side in [middle, across - middle] {
            ink.text("q\n");
            if length > across {
                ink.op(&[0.0, 1.0, 1.0, 0.0, side, corner], "cm");
            } else {
                ink.op(&[1.0, 0.0, 0.0, 1.0, corner, side], "cm");
            }
            for _ in 0..count as usize {
                for bend in [swing, -swing] {
                    // Two half waves, up and down; the control points stand at 4/3 of their height.
                    let half = step / 2.0;
                    ink.op(&[0.0, 0.0], "m");
                    ink.op(&[half * 0.36, bend, half * 0.64, bend, half, 0.0], "c");
                    ink.op(&[half * 1.36, -bend, half * 1.64, -bend, step, 0.0], "c");
                }
                ink.text("S\n");
                ink.text(&format!("1 0 0 1 {step:.5} 0 cm\n"));
            }
            ink.text("Q\n");
        }
    }
}

/// A flower in each corner of the frame.
fn corners(ink: &mut Ink, tint: [f32; 3]) {
    let middle = f32::midpoint(OUTER, INNER) + 0.4;
    ink.op(&tint, "rg");
    for x in [middle, PAGE_WIDTH - middle] {
        for y in [middle, PAGE_HEIGHT - middle] {
            ink.op(&[1.0, 1.0, 1.0], "rg");
            ink.circle(x, y, 4.2);
            ink.text("f\n");
            ink.op(&[0.3], "w");
            ink.circle(x, y, 4.2);
            ink.circle(x, y, 3.7);
            for petal in 0..8 {
                ink.ellipse([x, y], [3.4, 1.1], TAU * petal as f32 / 16.0);
            }
            ink.text("S\n");
            ink.op(&tint, "rg");
            ink.circle(x, y, 0.7);
            ink.text("f\n");
        }
    }
}
